"""The front-end base: lays out the pinned GOV.UK Frontend for serving, without its typeface and crest."""

import json
import re
import sys
from pathlib import Path

PACKAGE = "govuk-frontend"
FILES = {"govuk-frontend.min.css": "govuk-frontend.css", "govuk-frontend.min.js": "govuk-frontend.js"}
ROOT = Path(__file__).resolve().parent
SHELF = ROOT / "static" / "vendor"

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_FONT_FACE = re.compile(r"@font-face\{[^{}]*\}")
_FIXED_FAMILY = re.compile(r"font-family:(?:GDS Transport,[^;}]*|sans-serif)")
_RULE_WITH_PICTURE = re.compile(r"[^{};]*\{[^{}]*url\([^{}]*\}")
_SOURCE_MAP = re.compile(r"//# sourceMappingURL=\S+")


class FrontEndError(Exception):
    """The front-end base cannot be laid out; the message says what to do."""


def strip_style(style: str) -> str:
    """The style sheet without web fonts, fixed font families, pictures of the crown and comments."""
    style = _COMMENT.sub("", style)
    style = _FONT_FACE.sub("", style)
    style = _FIXED_FAMILY.sub("font-family:inherit", style)
    style = _RULE_WITH_PICTURE.sub("", style)
    if "url(" in style or "GDS" in style:
        raise FrontEndError(f"{PACKAGE}: a font or a picture is left in the style sheet; adapt strip_style")
    return style.strip() + "\n"


def strip_script(script: str) -> str:
    """The script without the pointer to its source map, which is not served."""
    return _SOURCE_MAP.sub("", script).strip() + "\n"


def wanted_version(checkout: Path) -> str:
    """The version of GOV.UK Frontend that package.json of the checkout pins."""
    pinned = json.loads((checkout / "package.json").read_text("utf-8"))["dependencies"][PACKAGE]
    return str(pinned)


def lay_out(checkout: Path, shelf: Path = SHELF) -> list[Path]:
    """Copy the base from node_modules of the checkout to the shelf and return the files written.

    Raises FrontEndError when the package is missing or of another version than pinned.
    """
    package = checkout / "node_modules" / PACKAGE
    if not (package / "package.json").is_file():
        raise FrontEndError(f"{package} is missing: run 'npm ci' first")
    found = json.loads((package / "package.json").read_text("utf-8"))["version"]
    if found != wanted_version(checkout):
        raise FrontEndError(f"{PACKAGE} is {found}, wanted {wanted_version(checkout)}: run 'npm ci'")
    shelf.mkdir(parents=True, exist_ok=True)
    written = []
    for source, name in FILES.items():
        text = (package / "dist" / "govuk" / source).read_text("utf-8")
        strip = strip_style if name.endswith(".css") else strip_script
        draft = shelf / f"{name}.new"
        draft.write_text(strip(text), "utf-8")
        written.append(draft.replace(shelf / name))
    return written


def main() -> int:
    """Command: python -m open_portal.front_end, run from anywhere in the checkout's environment."""
    try:
        written = lay_out(ROOT.parent)
    except FrontEndError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{path.relative_to(ROOT.parent)}\n" for path in written))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
