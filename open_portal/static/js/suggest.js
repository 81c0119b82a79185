/* Offers searches and datasets while somebody types into a search box (the combobox pattern of WAI-ARIA 1.2).
   Nothing is asked while an input method is composing; an answer that came too late is dropped.
   Without scripts the form is sent as it is. */

const PAUSE = 160;
const REMEMBERED = 50;
const CHINESE = /\p{Script=Han}/u;
let made = 0;

class Suggestions {
  constructor(form) {
    this.form = form;
    this.address = form.dataset.suggest;
    this.box = form.querySelector("input[type=search]");
    this.known = new Map();
    this.options = [];
    this.current = -1;
    this.composing = false;
    this.build();
    this.listen();
  }

  build() {
    made += 1;
    const id = `suggestions-${made}`;
    this.list = document.createElement("div");
    this.list.id = id;
    this.list.className = "tx-suggest";
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", this.form.dataset.list);
    this.status = document.createElement("p");
    this.status.className = "govuk-visually-hidden";
    this.status.setAttribute("role", "status");
    this.form.append(this.list, this.status);
    const given = {
      role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-controls": id, autocapitalize: "none", spellcheck: "false",
    };
    for (const [name, value] of Object.entries(given)) { this.box.setAttribute(name, value); }
  }

  listen() {
    this.box.addEventListener("compositionstart", () => { this.composing = true; this.forget(); });
    this.box.addEventListener("compositionend", () => { this.composing = false; this.typed(); });
    this.box.addEventListener("input", (event) => { if (!this.composing && !event.isComposing) { this.typed(); } });
    this.box.addEventListener("keydown", (event) => this.pressed(event));
    this.box.addEventListener("blur", () => this.close());
    this.form.addEventListener("submit", () => this.close());
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) { this.choose(this.options.indexOf(option)); }
    });
  }

  /* Forget what was asked and not yet answered. */
  forget() {
    clearTimeout(this.timer);
    if (this.asking) { this.asking.abort(); this.asking = null; }
  }

  typed() {
    this.forget();
    const text = this.box.value.trim();
    if (!text) { this.close(); return; }
    this.timer = setTimeout(() => this.ask(text), PAUSE);
  }

  async ask(text) {
    if (this.known.has(text)) { this.show(this.known.get(text)); return; }
    const asking = new AbortController();
    this.asking = asking;
    try {
      const address = `${this.address}?${new URLSearchParams({ q: text })}`;
      const answer = await fetch(address, { headers: { Accept: "application/json" }, signal: asking.signal });
      if (!answer.ok) { this.close(); return; }
      const found = await answer.json();
      if (this.known.size >= REMEMBERED) { this.known.clear(); }
      this.known.set(text, found);
      if (this.asking === asking && this.box.value.trim() === text) { this.show(found); }
    } catch (error) {
      if (this.asking === asking) { this.close(); }
    }
  }

  show(found) {
    this.list.textContent = "";
    this.list.append(...found.groups.map((group, number) => this.group(group, number)));
    this.options = Array.from(this.list.querySelectorAll("[role=option]"));
    this.move(-1);
    const open = this.options.length > 0 && document.activeElement === this.box;
    this.list.hidden = !open;
    this.box.setAttribute("aria-expanded", String(open));
    this.status.textContent = found.message;
  }

  group(group, number) {
    const made = document.createElement("div");
    const label = document.createElement("span");
    label.id = `${this.list.id}-${number}`;
    label.className = "tx-suggest__label";
    label.textContent = group.label;
    made.setAttribute("role", "group");
    made.setAttribute("aria-labelledby", label.id);
    made.append(label, ...group.options.map((option, place) => this.option(option, group.kind, `${label.id}-${place}`)));
    return made;
  }

  option(option, kind, id) {
    const made = document.createElement("div");
    made.id = id;
    made.className = `tx-suggest__option tx-suggest__option--${kind}`;
    made.setAttribute("role", "option");
    made.setAttribute("aria-selected", "false");
    made.dataset.kind = kind;
    made.dataset.text = option.text;
    made.dataset.href = option.href;
    if (!document.documentElement.lang.startsWith("zh") && CHINESE.test(option.text)) { made.lang = "zh-Hans"; }
    made.append(document.createTextNode(option.text));
    if (option.note) {
      const note = document.createElement("span");
      note.className = "tx-suggest__note";
      note.textContent = option.note;
      made.append(" ", note);
    }
    return made;
  }

  close() {
    this.forget();
    this.list.hidden = true;
    this.box.setAttribute("aria-expanded", "false");
    this.status.textContent = "";
    this.move(-1);
  }

  pressed(event) {
    if (event.isComposing || this.composing || event.keyCode === 229) { return; }
    const open = !this.list.hidden;
    const count = this.options.length;
    if (event.key === "Escape" && open) {
      event.preventDefault();
      this.close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) { this.typed(); return; }
      const places = count + 1;
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.move(((this.current + 1 + step + places) % places) - 1);
    } else if (event.key === "Enter" && open && this.current >= 0) {
      event.preventDefault();
      this.choose(this.current);
    }
  }

  /* Make an option the current one; -1 stands for the box itself. */
  move(place) {
    this.current = place;
    this.options.forEach((option, number) => option.setAttribute("aria-selected", String(number === place)));
    if (place < 0) { this.box.removeAttribute("aria-activedescendant"); return; }
    this.box.setAttribute("aria-activedescendant", this.options[place].id);
    this.options[place].scrollIntoView({ block: "nearest" });
  }

  /* A word goes into the box, and the form is sent with its filters; a dataset is gone to. */
  choose(place) {
    const { kind, text, href } = this.options[place].dataset;
    this.close();
    if (kind === "entry") { window.location.assign(href); return; }
    this.box.value = text;
    if (this.form.requestSubmit) { this.form.requestSubmit(); } else { this.form.submit(); }
  }
}

if (window.fetch && window.AbortController) {
  document.querySelectorAll("form[data-suggest]").forEach((form) => new Suggestions(form));
}
