"""The open-use agreement: model text in both languages, filled in from an application."""

from functools import cache
from pathlib import Path
from string import Template

from policies.terms import speaks_english

FOLDER = Path(__file__).parent / "texts"


@cache
def template(language: str) -> Template:
    """The model text in Markdown; the elements required of an agreement are those of the domain rules §3.4."""
    name = "open-use-agreement.en.md" if speaks_english(language) else "open-use-agreement.zh.md"
    return Template((FOLDER / name).read_text(encoding="utf-8"))


def render(language: str, **values: str) -> str:
    """The agreement's text; KeyError if a blank would stay unfilled. Values are plain text, never markup."""
    return template(language).substitute({name: plain(value) for name, value in values.items()})


def plain(text: str) -> str:
    """A value on one line with Markdown's signs taken out of force."""
    line = " ".join(text.split())
    return "".join(f"\\{one}" if one in "\\`*_{}[]<>()#+-.!|~$" else one for one in line)
