"""Finding with a browser: words, sounds, filters, suggestions, comparison; with and without scripts, both languages."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}
TITLES = {"zh_Hans_CN": "湖州市乡镇（街道）名录", "en": "Towns and streets of Huzhou"}
WAYS = ("乡镇街道名录", "xiangzhenjiedao", "xzjd", "鄉鎮街道名錄", "乡镇 街道", "Towns and streets")
FIRST = 5


def test_many_spellings_lead_to_the_same(visit: Callable[..., Any]) -> None:
    for language, title in TITLES.items():
        visitor = visit(language)
        visitor.go("/datasets?origin=OWN")
        for words in WAYS:
            visitor.page.fill("#search-page", words)
            visitor.press(".tx-search--page button")
            assert title in visitor.page.locator(".tx-result__title").all_inner_texts()[:FIRST], words


def test_narrowing_without_scripts(visit: Callable[..., Any]) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.go("/datasets")
    everything = found(visitor)
    visitor.page.select_option("#filter-place", "330500")
    visitor.page.fill("#time_from", "2020年")
    tick(visitor, "origin", "OWN")
    visitor.press(".tx-filters__apply")
    asked = parse_qs(urlsplit(visitor.page.url).query)
    assert (asked["place"], asked["time_from"], asked["origin"]) == (["330500"], ["2020年"], ["OWN"])
    chips = visitor.page.locator(".tx-chips").inner_text()
    assert all(text in chips for text in ("地区：湖州市", "时间：2020年 至", "本平台"))
    narrowed = found(visitor)
    assert 0 < narrowed < everything
    # The words keep the filters, and taking one away gives more.
    visitor.page.fill("#search-page", "名录")
    visitor.press(".tx-search--page button")
    assert visitor.page.locator(".tx-chips a.tx-chip").count() == 3
    assert 0 < (fewer := found(visitor)) < narrowed
    visitor.press(".tx-chips a.tx-chip")
    assert found(visitor) >= fewer
    counts_hold(visitor)
    time_that_is_none(visitor)


def counts_hold(visitor: Any) -> None:
    """A count beside a box is what ticking it gives."""
    visitor.go("/datasets?q=信息")
    group = visitor.page.locator("fieldset.tx-filter", has=visitor.page.locator("input[name=theme]")).first
    promised = int(group.locator(".tx-count").first.inner_text().replace(",", ""))
    group.locator("label").first.click()
    visitor.press(".tx-filters__apply")
    assert found(visitor) == promised


def time_that_is_none(visitor: Any) -> None:
    """What was typed stays, with what is wrong beside it."""
    visitor.page.fill("#time_to", "昨天")
    visitor.press(".tx-filters__apply")
    assert visitor.page.input_value("#time_to") == "昨天"
    assert "截止时间请填年、年月或年月日" in visitor.page.locator("#time_to-error").inner_text()
    # The browser notes that the page's status is 422; nothing else may have gone wrong.
    visitor.complaints[:] = [one for one in visitor.complaints if "422" not in one]


def test_suggestions_by_keyboard(visit: Callable[..., Any]) -> None:
    visitor = visit("en")
    visitor.go("/")
    box, options = visitor.page.locator("#search-hero"), visitor.page.locator("[role=option]")
    box.press_sequentially("gongj")
    options.first.wait_for()
    assert box.get_attribute("aria-expanded") == "true"
    box.press("ArrowDown")
    current = box.get_attribute("aria-activedescendant")
    assert visitor.page.locator(f"#{current}").get_attribute("aria-selected") == "true"
    assert not Axe().run(visitor.page, options=OPTIONS).response["violations"]
    box.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    assert box.get_attribute("aria-activedescendant") is None
    assert box.input_value() == "gongj"
    box.press("ArrowDown")
    options.first.wait_for()
    box.press("ArrowDown")
    word = options.first.inner_text()
    with visitor.page.expect_navigation():
        box.press("Enter")
    assert visitor.page.input_value("#search-page") == word
    assert found(visitor) > 0
    composing(visitor)
    to_a_dataset(visitor)


def composing(visitor: Any) -> None:
    """Nothing is asked while an input method composes, and its Enter sends nothing."""
    asked: list[str] = []
    visitor.page.on("request", lambda one: asked.append(one.url) if "/suggest" in one.url else None)
    box, before = visitor.page.locator("#search-page"), visitor.page.url
    box.evaluate("""box => {
        box.focus();
        box.dispatchEvent(new CompositionEvent("compositionstart", {bubbles: true}));
        box.value = "xue";
        box.dispatchEvent(new InputEvent("input", {bubbles: true, isComposing: true}));
        box.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", keyCode: 229, bubbles: true}));
    }""")
    visitor.page.wait_for_timeout(400)
    assert (asked, visitor.page.url) == ([], before)
    with visitor.page.expect_response("**/datasets/suggest?q=*") as answer:
        box.evaluate("""box => {
            box.value = "学";
            box.dispatchEvent(new CompositionEvent("compositionend", {bubbles: true, data: "学"}));
        }""")
    assert answer.value.ok
    assert len(asked) == 1


def to_a_dataset(visitor: Any) -> None:
    """A dataset that is suggested is gone to by a click; the masthead's box does as the others."""
    visitor.go("/help")
    visitor.page.locator("#search-masthead").press_sequentially("乡镇街道")
    option = visitor.page.locator(".tx-suggest__option--entry").first
    with visitor.page.expect_navigation():
        option.click()
    assert urlsplit(visitor.page.url).path.startswith("/datasets/")


def test_comparison_on_a_phone_and_without_scripts(visit: Callable[..., Any]) -> None:
    visitor = visit("en", width=375, has_touch=True, is_mobile=True)
    visitor.go("/datasets?origin=OWN&sort=title")
    pick(visitor, 3)
    assert "3 of 3" in visitor.page.locator(".tx-compare-bar").inner_text()
    assert visitor.page.locator(".tx-pick input:disabled").count() > 0
    visitor.press(".tx-compare-bar button")
    assert visitor.page.locator(".tx-compare__title").count() == 3
    assert visitor.overflow() == 0
    assert not Axe().run(visitor.page, options=OPTIONS).response["violations"]
    visitor.press(".tx-compare__remove")
    assert visitor.page.locator(".tx-compare__title").count() == 2
    plain = visit(java_script_enabled=False)
    plain.go("/datasets?origin=OWN&sort=title")
    pick(plain, 4)
    plain.press(".tx-compare-bar button")
    assert plain.page.locator(".tx-compare__title").count() == 3
    assert "最多并排 3 个" in plain.text()
    plain.press(".tx-compare__remove")
    plain.page.fill("#add-words", "乡镇")
    plain.press(".tx-compare__add button")
    plain.press(".tx-offers a")
    assert plain.page.locator(".tx-compare__title").count() == 3


def test_filters_on_a_phone(visit: Callable[..., Any]) -> None:
    visitor = visit(width=375, has_touch=True, is_mobile=True)
    visitor.go("/datasets?q=名录")
    assert not visitor.page.locator("#filter-place").is_visible()
    visitor.page.locator(".tx-filters__label").click()
    visitor.page.select_option("#filter-place", "330500")
    visitor.press(".tx-filters__apply")
    assert "地区：湖州市" in visitor.page.locator(".tx-chips").inner_text()
    assert visitor.overflow() == 0
    visitor.page.locator(".tx-filters__label").click()
    assert visitor.overflow() == 0
    assert not Axe().run(visitor.page, options=OPTIONS).response["violations"]


def test_ways_out_of_an_empty_answer(visit: Callable[..., Any]) -> None:
    visitor = visit()
    visitor.go("/datasets?q=名录&theme=21&tier=T3")
    assert found(visitor) == 0
    visitor.follow("不加任何筛选")
    assert found(visitor) > 0
    visitor.go("/datasets?q=gonjiao")
    with visitor.page.expect_navigation():
        visitor.page.locator("p", has_text="您要找的是不是").locator("a").click()
    assert found(visitor) > 0


def found(visitor: Any) -> int:
    """How many datasets the page says were found."""
    text = visitor.page.locator(".tx-results-head__count").inner_text()
    parts = text.rpartition("”")[2] if "”" in text and "个" in text else text
    return int("".join(one for one in parts if one.isdigit()))


def tick(visitor: Any, name: str, value: str) -> None:
    """Tick a box of the filters."""
    visitor.page.locator(f"input[name={name}][value='{value}']").check(force=True)


def pick(visitor: Any, count: int) -> None:
    """Pick the first datasets of the page for comparison."""
    for box in visitor.page.locator(".tx-pick label").all()[:count]:
        box.click()
