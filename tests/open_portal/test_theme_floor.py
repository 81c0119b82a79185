"""The theme lives under a strict content security policy and in browsers from Chromium 86 on."""

import re
from pathlib import Path

import pytest

PORTAL = Path(__file__).resolve().parents[2] / "open_portal"
SHEETS = sorted((PORTAL / "static" / "css").glob("*.css"))
PAGES = sorted((PORTAL / "templates").rglob("*.html"))

TOO_NEW = (
    *(
        r":has\(",
        r":is\(",
        r":where\(",
        r":not\([^)]*,",
        r"(^|[;{\s])&",
        r"@layer",
        r"@container",
        r"@import",
        r"@property",
    ),
    *(r"color-mix\(", r"\boklch\(", r"\binset:", r"aspect-ratio", r"accent-color", r"\bdvh\b"),
)
FORBIDDEN_IN_PAGES = (
    *(r"\sstyle=", r"<style", r"\son[a-z]+=\"", r"javascript:"),
    # A block of data is no script: nothing in it is run.
    r"<script(?![^>]*\ssrc=)(?! type=\"application/ld\+json\")",
    r"(src|href)=\"(https?:)?//",
)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_sheet_keeps_to_the_floor(sheet: Path) -> None:
    style = re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.DOTALL)
    found = [pattern for pattern in TOO_NEW if re.search(pattern, style, re.MULTILINE)]
    assert found == []
    assert re.findall(r"url\(\"(?!\.\./img/)", style) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(PORTAL / "templates")))
def test_page_obeys_the_content_security_policy(page: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", page.read_text("utf-8"), flags=re.DOTALL)
    assert [pattern for pattern in FORBIDDEN_IN_PAGES if re.search(pattern, text)] == []


def test_every_custom_property_is_declared() -> None:
    everything = "".join(sheet.read_text("utf-8") for sheet in SHEETS)
    declared = set(re.findall(r"(--tx-[\w-]+):", everything))
    used = set(re.findall(r"var\((--tx-[\w-]+)", everything))
    assert used - declared == set()


def test_pictures_carry_no_script() -> None:
    for picture in (PORTAL / "static" / "img").glob("*.svg"):
        assert not re.search(r"<script|style=|href=", picture.read_text("utf-8")), picture.name
