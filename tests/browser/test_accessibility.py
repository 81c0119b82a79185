"""Axe finds nothing on the main pages: five kinds of visitors, two widths, two languages."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}
LANGUAGES = ("zh_Hans_CN", "en")
WIDTHS = (1280, 375)
PUBLIC = ("/", "/datasets?q=湖州", "/orgs", "/indicators", "/indicators/OPEN_CAT", "/developers", "/help", "/sign-in")


def test_public_pages(visit: Callable[..., Any]) -> None:
    visitor = visit()
    dataset = first(visitor, "/datasets?q=乡镇街道名录", "h2 a[href*='/datasets/']")
    pages = [*PUBLIC, dataset, f"{dataset}/data", f"{dataset}/quality", f"{dataset}/history", "/register"]
    assert not list(violations(visitor, pages))


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
    visitor.button("建立草稿")
    tasks = visitor.page.url.removeprefix(visitor.address)
    draft = tasks.removesuffix("/tasks")
    forms = [f"{tasks}/{name}" for name in ("basics", "items", "opening", "upkeep")]
    live = first(visitor, "/desk/datasets?state=PUBLISHED", '#main-content a[href*="/desk/datasets/"][href*="-"]')
    pages = ["/desk", "/desk/datasets", "/desk/datasets/new", tasks, *forms, f"{draft}/data", f"{draft}/check"]
    assert not list(violations(visitor, [*pages, live, f"{live}/rules", f"{live}/data"]))


def test_an_officers_pages(visit: Callable[..., Any]) -> None:
    number = first(visit(login="requester"), "/my", 'a[href*="/my/applications/SQ-"]').split("/")[3]
    visitor = visit(login="officer-a")
    demand = first(visitor, "/desk/demands", 'a[href*="/desk/demands/"]:not([href$="/new"])')
    assert not list(violations(visitor, ["/desk", "/desk/demands", demand, f"/desk/applications/{number}"]))


def test_a_leaders_pages(visit: Callable[..., Any]) -> None:
    visitor = visit(login="leader")
    pages = ["/admin", "/admin/scorecard", "/admin/policies", "/admin/calendar", "/indicators/SAT_COUNT"]
    assert not list(violations(visitor, pages))


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
