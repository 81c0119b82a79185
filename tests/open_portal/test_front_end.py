"""The front-end base: what is copied, what is left out, what is said when it cannot be copied."""

import json
from pathlib import Path

import pytest

from open_portal import front_end

STYLE = (
    '@charset "UTF-8";:root{--a:1}.x{font-family:GDS Transport,arial,sans-serif;color:red}'
    "/*! notice */@font-face{font-family:GDS Transport;src:url(/assets/fonts/a.woff2)}"
    "@media print{.x{font-family:sans-serif}}"
    ".crest:before{background-image:url(/assets/images/crest.svg)}.y{top:0}"
    "@supports (mask-position:initial){.crest:before{mask-image:url(/assets/images/crest.svg)}}"
    "\n/*# sourceMappingURL=govuk-frontend.min.css.map */"
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    package = tmp_path / "node_modules" / front_end.PACKAGE
    built = package / "dist" / "govuk"
    built.mkdir(parents=True)
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {front_end.PACKAGE: "6.3.0"}}))
    (package / "package.json").write_text(json.dumps({"version": "6.3.0"}))
    (built / "govuk-frontend.min.css").write_text(STYLE)
    (built / "govuk-frontend.min.js").write_text("export{initAll};//# sourceMappingURL=govuk-frontend.min.js.map\n")
    return tmp_path


def test_style_loses_fonts_and_pictures_and_keeps_the_rest() -> None:
    style = front_end.strip_style(STYLE)
    assert "url(" not in style
    assert "GDS" not in style
    assert "@font-face" not in style
    assert ".x{font-family:inherit;color:red}" in style
    assert ".y{top:0}" in style
    assert style.startswith('@charset "UTF-8";:root{--a:1}')


def test_a_font_in_a_new_shape_is_refused() -> None:
    with pytest.raises(front_end.FrontEndError, match="font or a picture"):
        front_end.strip_style(".z{font:1em GDS Transport}")


def test_lay_out_copies_both_files(checkout: Path, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    written = front_end.lay_out(checkout, shelf)
    assert sorted(path.name for path in written) == ["govuk-frontend.css", "govuk-frontend.js"]
    assert (shelf / "govuk-frontend.js").read_text() == "export{initAll};\n"
    assert sorted(path.name for path in shelf.iterdir()) == sorted(path.name for path in written)


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(front_end.FrontEndError, match="npm ci"):
        front_end.lay_out(tmp_path, tmp_path / "shelf")


def test_another_version_is_refused_and_nothing_is_written(checkout: Path, tmp_path: Path) -> None:
    (checkout / "package.json").write_text(json.dumps({"dependencies": {front_end.PACKAGE: "6.4.0"}}))
    with pytest.raises(front_end.FrontEndError, match=r"is 6\.3\.0, wanted 6\.4\.0"):
        front_end.lay_out(checkout, tmp_path / "shelf")
    assert not (tmp_path / "shelf").exists()
