"""Language and view of a request: Chinese first, English second, the large-type view as a setting of the reader."""

from datetime import date as Date  # noqa: N812 - the short name is a filter of the templates
from datetime import datetime as Datetime  # noqa: N812
from decimal import Decimal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Response, redirect, request
from flask_babel import get_locale
from markupsafe import Markup
from werkzeug.wrappers import Response as WerkzeugResponse

from policies import vocabulary
from policies.vocabulary import Term

LANGUAGES = ("zh_Hans_CN", "en")
ZONE = ZoneInfo("Asia/Shanghai")
YEAR = 31_536_000
IN_CHINESE = Markup(' lang="zh-Hans"')
MACHINES = ("api", "ckan")
"""Doors of programs, where nothing is kept in a cookie and nobody is sent elsewhere."""


def choose() -> str:
    """The language of this request: the reader's choice, else what his browser prefers, else Chinese."""
    chosen = request.cookies.get("language")
    if chosen in LANGUAGES:
        return chosen
    best = request.accept_languages.best_match(["zh", "zh-CN", "zh-Hans", "en"], "zh")
    return "en" if best == "en" else "zh_Hans_CN"


def switch() -> Response | WerkzeugResponse | None:
    """Keep a choice made by a link (?language=…, ?view=…) in a cookie and come back without it in the address."""
    chosen = {name: request.args.get(name) for name in ("language", "view")}
    if request.method != "GET" or request.blueprint in MACHINES or not any(chosen.values()):
        return None
    allowed = {"language": LANGUAGES, "view": ("elder", "standard")}
    if any(value and value not in allowed[name] for name, value in chosen.items()):
        return None
    rest = [(name, value) for name, value in request.args.items(multi=True) if name not in chosen]
    target = request.script_root + request.path + ("?" + urlencode(rest) if rest else "")
    response = redirect(target)
    for name, value in chosen.items():
        if value:
            response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=request.is_secure, httponly=True)
    return response


def link(**changed: str) -> str:
    """This page's address with a choice of language or view added."""
    rest = [(name, value) for name, value in request.args.items(multi=True) if name not in changed]
    return request.script_root + request.path + "?" + urlencode([*rest, *changed.items()])


def is_elder() -> bool:
    """Whether the reader asked for the large-type view."""
    return request.cookies.get("view") == "elder"


def term(value: object, kind: str | None = None) -> str:
    """The label of a vocabulary term in the reader's language; `kind` names the enumeration of a plain code."""
    if kind is not None and value is not None:
        members = getattr(vocabulary, kind)
        value = members(value) if value in {one.value for one in members} else value
    if isinstance(value, Term):
        return value.label(str(get_locale()))
    return "" if value is None else str(value)


def day(value: Datetime) -> str:
    """An instant's day in Shanghai, as programs write it."""
    return value.astimezone(ZONE).date().isoformat()


def date(value: Date | Datetime | str | None) -> str:
    """A day as the reader writes it, in Shanghai's time."""
    if not value:
        return ""
    if isinstance(value, str):
        value = Datetime.fromisoformat(value) if "T" in value else Date.fromisoformat(value)
    if isinstance(value, Datetime):
        value = value.astimezone(ZONE).date()
    return format_date(value, "y年M月d日" if _chinese() else "d MMM y", locale=get_locale())


def datetime(value: Datetime | str | None) -> str:
    """An instant to the minute in Shanghai's time."""
    if not value:
        return ""
    if isinstance(value, str):
        value = Datetime.fromisoformat(value)
    pattern = "y年M月d日 HH:mm" if _chinese() else "d MMM y, HH:mm"
    return format_datetime(value.astimezone(ZONE), pattern, locale=get_locale())


def number(value: float | Decimal | None) -> str:
    """A number with its thousands set apart."""
    if isinstance(value, int) and 0 <= value < 1000:
        # Nothing to set apart, in either language: most counts of a page are so small.
        return str(int(value))
    return "–" if value is None else format_decimal(value, locale=get_locale())


def percent(value: float | Decimal | None, digits: int = 2) -> str:
    """A value that is already in per cent, with its sign; a dash where there is none."""
    return "–" if value is None else f"{format_decimal(round(Decimal(str(value)), digits), locale=get_locale())}%"


def spoken(text: str | None) -> Markup:
    """The attribute `lang` for a text that is Chinese on an English page, so that it is read out right."""
    if _chinese() or not text:
        return Markup("")
    letters = [one for one in text if one.isalpha()]
    foreign = 2 * sum("\u4e00" <= one <= "\u9fff" for one in letters) > len(letters)
    return IN_CHINESE if foreign else Markup("")


def _chinese() -> bool:
    return str(get_locale()).startswith("zh")
