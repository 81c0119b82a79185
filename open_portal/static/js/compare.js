/* Says how many datasets are ticked for comparison and lets no further one be ticked than can stand side by side.
   Without scripts the form works as it is, and the page of the comparison says what was left out. */

for (const form of document.querySelectorAll("form[data-most]")) {
  const most = Number(form.dataset.most);
  const words = form.querySelector("[role=status]");
  const boxes = Array.from(document.querySelectorAll(`input[type=checkbox][form="${form.id}"]`));

  const tell = () => {
    const count = boxes.filter((box) => box.checked).length;
    for (const box of boxes) { box.disabled = count >= most && !box.checked; }
    words.textContent = count ? words.dataset.some.replace("{count}", count).replace("{most}", most) : words.dataset.none;
    form.classList.toggle("tx-compare-bar--used", count > 0);
  };
  boxes.forEach((box) => box.addEventListener("change", tell));
  window.addEventListener("pageshow", tell);
  tell();
}
