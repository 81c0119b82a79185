"""Axe finds nothing on the main pages: five kinds of visitors, two widths, two languages."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from open_portal.demonstration import files

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}
LANGUAGES = ("zh_Hans_CN", "en")
WIDTHS = (1280, 375)
PUBLIC = ("/", "/datasets?q=湖州", "/indicators", "/indicators/OPEN_CAT", "/developers", "/register")
LOOKED_AT = ("data", "data/1", "data/1/layout", "rules", "check")


def test_public_pages(visit: Callable[..., Any]) -> None:
    visitor = visit()
    dataset = first(visitor, "/datasets?q=乡镇街道名录", "h2 a[href*='/datasets/']")
    assert not list(violations(visitor, [*PUBLIC, dataset, f"{dataset}/data", f"{dataset}/quality"]))


def test_a_requesters_pages(visit: Callable[..., Any]) -> None:
    visitor = visit(login="requester")
    restricted = first(visitor, "/datasets?q=登革热", "h2 a[href*='/datasets/']")
    application = first(visitor, "/my", 'a[href*="/my/applications/SQ-"]:not([href$="/agreement"])')
    apply = f"/apply/{restricted.rpartition('/')[2]}"
    assert not list(violations(visitor, ["/my", "/account", apply, application, f"{application}/agreement"]))


def test_a_stewards_pages(visit: Callable[..., Any]) -> None:
    visitor = visit(login="steward-civil-affairs")
    visitor.go("/desk/datasets/new")
    visitor.fill({"title": "无障碍检查所用的草稿"})
    visitor.page.set_input_files("#file", files.FOLDER / "files" / "huzhou_county_centres.csv")
    visitor.button("建立草稿")
    tasks = visitor.page.url.removeprefix(visitor.address)
    draft = tasks.removesuffix("/tasks")
    visitor.wait_for(f"{draft}/data", lambda text: "质检通过" in text)
    forms = [f"{tasks}/{name}" for name in ("basics", "items", "grading", "opening")]
    forms += ["/desk/quality", "/desk/metadata"]
    assert not list(violations(visitor, ["/desk", tasks, *forms, *(f"{draft}/{name}" for name in LOOKED_AT)]))


def test_an_officers_pages(visit: Callable[..., Any]) -> None:
    number = first(visit(login="requester"), "/my", 'a[href*="/my/applications/SQ-"]').split("/")[3]
    visitor = visit(login="officer-a")
    demand = first(visitor, "/desk/demands", 'a[href*="/desk/demands/"]:not([href$="/new"])')
    assert not list(violations(visitor, ["/desk", "/desk/demands", demand, f"/desk/applications/{number}"]))


def test_a_leaders_pages(visit: Callable[..., Any]) -> None:
    visitor = visit(login="leader")
    assert not list(
        violations(
            visitor,
            [
                *("/admin", "/admin/scorecard", "/admin/policies", "/admin/policies/changes", "/indicators/SAT_COUNT"),
                *("/admin/scorecard/huzhou/figures/punctuality", "/admin/scorecards", "/admin/metadata"),
            ],
        )
    )


def test_axe_would_find_a_fault(visit: Callable[..., Any]) -> None:
    visitor = visit()
    visitor.go("/help")
    visitor.page.evaluate("document.documentElement.removeAttribute('lang')")
    assert "html-has-lang" in {one["id"] for one in Axe().run(visitor.page, options=OPTIONS).response["violations"]}


def first(visitor: Any, page: str, selector: str) -> str:
    """Where the first of some links on a page leads."""
    visitor.go(page)
    href: str = visitor.page.locator(selector).first.get_attribute("href")
    return href


def violations(visitor: Any, pages: list[str]) -> Iterator[str]:
    """Everything that axe finds on pages in both languages and widths, one line each."""
    axe = Axe()
    for language in LANGUAGES:
        visitor.page.context.add_cookies([{"name": "language", "value": language, "url": visitor.address}])
        for path in pages:
            visitor.go(path)
            for width in WIDTHS:
                visitor.page.set_viewport_size({"width": width, "height": 900})
                for one in axe.run(visitor.page, options=OPTIONS).response["violations"]:
                    places = "; ".join(str(node["target"][0]) for node in one["nodes"][:3])
                    yield f"{path} {language} {width}: {one['id']} ({one['impact']}) {places}"
