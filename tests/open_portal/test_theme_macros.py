"""Macros drawn alone: charts say the right lengths, gaps stay gaps, foreign text stays text."""

import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader

TEMPLATES = Path(__file__).resolve().parents[2] / "open_portal" / "templates"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def env() -> Environment:
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, extensions=["jinja2.ext.i18n"])
    made.install_null_translations(newstyle=True)
    made.globals.update(
        number=lambda value: f"{value:,}",
        percent=lambda value: f"{value:.1%}",
        spoken=lambda _text: "",
        term=lambda code: f"term {code}",
        csrf_token=lambda: "token",
        url_for=lambda endpoint, **_values: f"/{endpoint}",
    )
    return made


def macro(env: Environment, file: str, name: str, *args: Any, **values: Any) -> str:
    return str(getattr(env.get_template(f"macros/{file}.html").module, name)(*args, **values))


def test_every_template_parses(env: Environment) -> None:
    for path in TEMPLATES.rglob("*.html"):
        env.parse(path.read_text("utf-8"), filename=str(path))


def test_bars_are_as_long_as_their_values(env: Environment) -> None:
    items = [{"label": "a", "value": 50}, {"label": "b", "value": 100}, {"label": "c", "value": None}]
    drawn = macro(env, "charts", "bars", "id", "Bars", items)
    assert re.findall(r'class="tx-s1" y="2" width="([\d.]+)%"', drawn) == ["50.0", "100.0"]
    assert drawn.count("<tr>") == 3


def test_columns_of_equal_values_stand_side_by_side(env: Environment) -> None:
    drawn = macro(env, "charts", "columns", "id", "Columns", [{"label": "x", "value": 4}] * 4)
    places = re.findall(r'class="tx-s1" x="([\d.]+)%"', drawn)
    assert len(set(places)) == 4


def test_a_gap_in_a_line_breaks_it(env: Environment) -> None:
    series = [{"name": "s", "values": [1, 2, None, 4, 5]}]
    drawn = macro(env, "charts", "line", "id", "Line", list("abcde"), series)
    group = drawn.split('class="tx-line tx-line--1"')[1].split("</g>")[0]
    assert group.count("<line") == 2
    assert group.count("<circle") == 4


@pytest.mark.parametrize("values", [[], [None], [1], [None, None, 3]])
def test_a_sparkline_needs_two_readings(env: Environment, values: list[float | None]) -> None:
    assert macro(env, "charts", "sparkline", values, "text").strip() == ""


def test_charts_of_nothing_do_not_fail(env: Environment) -> None:
    assert "<figure" in macro(env, "charts", "columns", "id", "None", [])
    assert "<figure" in macro(env, "charts", "line", "id", "None", [], [])
    assert "<figure" in macro(env, "charts", "bars", "id", "None", [{"label": "a", "value": 0}])
    assert "<figure" in macro(env, "charts", "share_bar", "id", "None", [{"label": "a", "value": 0}])


@pytest.mark.parametrize(
    ("greatest", "top"), [(0.3, 0.4), (7, 8), (95, 100), (101, 200), (3610, 4000), (8_412_907, 1e7)]
)
def test_the_scale_ends_on_a_round_number_above_the_greatest(env: Environment, greatest: float, top: float) -> None:
    drawn = macro(env, "charts", "columns", "id", "Columns", [{"label": "x", "value": greatest}])
    scale = re.findall(r'class="tx-chart__scale"[^>]*>([^<]+)<', drawn)
    assert float(scale[-1].replace(",", "")) == pytest.approx(top)
    assert len(scale) == 5


def test_foreign_text_stays_text(env: Environment) -> None:
    table = macro(
        env,
        "data",
        "data_table",
        "t",
        HOSTILE,
        [{"label": HOSTILE}],
        [[HOSTILE], [{"text": HOSTILE, "href": "#"}]],
    )
    card = macro(env, "search", "result_card", {"title": HOSTILE, "href": "#", "summary": HOSTILE, "facts": []})
    steps = macro(env, "progress", "timeline", [{"state": "done", "text": HOSTILE, "note": HOSTILE}])
    for drawn in (table, card, steps):
        assert "<img" not in drawn
        assert "&lt;img" in drawn


def test_a_table_region_takes_the_focus_and_has_a_name(env: Environment) -> None:
    table = macro(env, "data", "data_table", "t", "Caption", [{"label": "n", "numeric": True}], [[None], [3]])
    assert 'role="region" aria-labelledby="t-caption" tabindex="0"' in table
    assert 'id="t-caption"' in table


def test_empty_tables_say_so(env: Environment) -> None:
    assert "No rows yet" in macro(env, "data", "data_table", "t", "C", [{"label": "n"}], [], empty="No rows yet")


@pytest.mark.parametrize(("page", "pages", "shown"), [(1, 1, []), (1, 3, [1, 2, 3]), (6, 12, [1, 5, 6, 7, 12])])
def test_pagination_shows_the_neighbours(env: Environment, page: int, pages: int, shown: list[int]) -> None:
    drawn = macro(env, "search", "pagination", page, pages, lambda n: f"/?page={n}")
    numbers = re.findall(r'tx-pages__link--number" href="/\?page=(\d+)"', drawn)
    assert [int(n) for n in numbers] == shown


def test_deadlines_say_how_many_working_days(env: Environment) -> None:
    assert "3 working days left" in macro(env, "progress", "deadline", "2026-12-01", 3)
    assert "due today" in macro(env, "progress", "deadline", "2026-12-01", 0)
    assert "1 working day overdue" in macro(env, "progress", "deadline", "2026-12-01", -1)
