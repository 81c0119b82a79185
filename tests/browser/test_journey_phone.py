"""A visitor with a phone, in English: from the home page to a file; no page is wider than the narrowest screen."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
WIDTHS = (375, 320)
DATASET = "Towns and streets of Huzhou"
COUNTY_COLUMN, COUNTY = "区县名称", "德清县"


def test_from_the_home_page_to_a_file(visit: Callable[..., Any], tmp_path: Path) -> None:
    visitor = visit("en", width=375, has_touch=True, is_mobile=True)
    visitor.go("/")
    assert "Find and use public data" in visitor.text()
    fits(visitor)
    visitor.page.locator("#search-hero").fill("towns")
    visitor.press(".tx-search--hero button")
    before = found(visitor)
    fits(visitor)
    narrow(visitor)
    assert 0 < found(visitor) < before
    fits(visitor)
    visitor.follow(DATASET)
    assert "Get the data" in visitor.text()
    fits(visitor)
    rows = filtered(visitor)
    take_along(visitor, rows, tmp_path)


def test_large_type_and_the_menu(visit: Callable[..., Any]) -> None:
    visitor = visit("en", width=375, has_touch=True, is_mobile=True)
    visitor.go("/datasets")
    size = type_size(visitor)
    visitor.page.locator(".tx-menu__summary").click()
    with visitor.page.expect_navigation():
        visitor.page.locator(".tx-menu__panel a", has_text="Large-type view").click()
    assert "view=" not in visitor.page.url
    assert type_size(visitor) >= max(size + 2, 20)
    for path in ("/", "/datasets?q=towns", "/indicators", "/help", "/sign-in", "/accessibility"):
        visitor.go(path)
        assert visitor.page.locator("html").get_attribute("data-view") == "elder"
        fits(visitor)
    visitor.page.locator(".tx-menu__summary").click()
    with visitor.page.expect_navigation():
        visitor.page.locator(".tx-menu__panel a", has_text="中文").click()
    assert visitor.page.locator("html").get_attribute("lang") == "zh-Hans-CN"
    fits(visitor)


def test_no_public_page_is_wider_than_the_screen(visit: Callable[..., Any]) -> None:
    visitor = visit("en", width=375, has_touch=True, is_mobile=True)
    paths = ("/sign-in", "/register", "/orgs", "/indicators", "/indicators/OPEN_CAT", "/developers", "/help")
    for path in (*paths, "/privacy", "/terms", "/accessibility", "/sitemap"):
        visitor.go(path)
        fits(visitor)


def fits(visitor: Any) -> None:
    """The page needs no scrolling sideways, on a phone and on the narrowest one."""
    height = visitor.page.viewport_size["height"]
    wide = {}
    for width in WIDTHS:
        visitor.page.set_viewport_size({"width": width, "height": height})
        wide[width] = visitor.overflow()
    visitor.page.set_viewport_size({"width": WIDTHS[0], "height": height})
    assert wide == dict.fromkeys(WIDTHS, 0), f"{visitor.page.url} is {wide} pixels too wide"


def found(visitor: Any) -> int:
    """How many datasets the page says were found."""
    return int(visitor.page.locator(".tx-results-head [role=status]").inner_text().split()[0].replace(",", ""))


def narrow(visitor: Any) -> None:
    """Unfold the filters and choose one publisher."""
    visitor.page.locator(".tx-filters__label").click()
    group = visitor.page.locator(".tx-filter", has_text="Civil Affairs").first
    group.locator("label", has_text="Huzhou Civil Affairs Bureau").first.click()
    with visitor.page.expect_navigation():
        visitor.page.locator(".tx-filters__apply").click()
    assert "Huzhou Civil Affairs Bureau" in visitor.page.locator(".tx-chips").inner_text()


def filtered(visitor: Any) -> int:
    """Go on to the rows and keep those of one county; how many there are."""
    visitor.follow("See and filter all rows")
    fits(visitor)
    visitor.fill({"column": COUNTY_COLUMN, "op": "eq", "value": COUNTY})
    visitor.press(".tx-toolbar button[type=submit]")
    assert "filter=" in visitor.page.url
    assert COUNTY in visitor.page.locator(".tx-chips").inner_text()
    rows = int(visitor.page.locator("#main-content [role=status]").first.inner_text().split()[0])
    assert 0 < rows < 72
    assert visitor.page.locator("#rows tbody tr").count() == rows
    fits(visitor)
    visitor.page.reload()
    assert visitor.page.locator("#rows tbody tr").count() == rows
    return rows


def take_along(visitor: Any, rows: int, folder: Path) -> None:
    """The file holds what the page showed: these rows and no other."""
    taken = visitor.download('#main-content a[href*="/download.csv"]', folder)
    lines = list(csv.DictReader(io.StringIO(taken.read_text(encoding="utf-8-sig"))))
    assert len(lines) == rows
    assert {line[COUNTY_COLUMN] for line in lines} == {COUNTY}


def type_size(visitor: Any) -> float:
    """The size of running text in pixels."""
    return float(visitor.page.evaluate("parseFloat(getComputedStyle(document.querySelector('main p')).fontSize)"))
