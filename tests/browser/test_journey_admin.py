"""The leader's journey: from the scorecard to the rows behind a rate; everybody, and every way in, sees one number."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from open_portal.language import ZONE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
HEADLINES = ("OPEN_CAT", "SHARE_MOUNTED", "SAT_COUNT")
COUNTED, NOT_COUNTED = "计入", "未计入"


def test_one_number_on_every_way(visit: Callable[..., Any], portal: Any) -> None:
    rates = computed(portal)
    assert set(HEADLINES) <= set(rates)
    leader, public = visit(login="leader"), visit()
    leader.go("/admin")
    leader.follow("记分卡")
    for code in HEADLINES:
        assert card(leader, code) == shown(rates[code])
    assert leader.page.locator("#bodies tbody tr").count() > 3
    for visitor in (leader, public):
        visitor.go("/indicators")
        for code in HEADLINES:
            assert card(visitor, code) == shown(rates[code])
            visitor.press(f'#main-content a[href*="/indicators/{code}"]')
            adds_up(visitor, rates[code])
            visitor.go("/indicators")
    body = json.loads(portal.ask("/api/v1/indicators")[1])
    told = {one["code"]: (one["numerator"], one["denominator"]) for one in body["indicators"]}
    assert told == {code: (one["numerator"], one["denominator"]) for code, one in rates.items()}


def test_a_past_day_is_replayed(visit: Callable[..., Any], portal: Any) -> None:
    today = datetime.fromtimestamp(time.time(), ZONE).date()
    day = (today - timedelta(days=40)).isoformat()
    rates, before = computed(portal), computed(portal, "--as-of", day)
    assert before["OPEN_CAT"]["denominator"] < rates["OPEN_CAT"]["denominator"]
    public = visit()
    public.go("/indicators")
    public.fill({"as_of": day})
    public.button("显示")
    assert f"as_of={day}" in public.page.url
    for code in HEADLINES:
        assert card(public, code) == shown(before[code])
    public.follow("怎么算的")
    assert f"as_of={day}" in public.page.url
    adds_up(public, before["OPEN_CAT"])
    public.go(f"/indicators?as_of={today.isoformat()}")
    assert card(public, "OPEN_CAT") == shown(rates["OPEN_CAT"])


def computed(portal: Any, *more: str) -> dict[str, dict[str, Any]]:
    """Every rate as the command line computes it over the same state, by code."""
    command = [sys.executable, "-m", "open_portal", "indicators", "--json", *more]
    done = subprocess.run(command, env=portal.environment(), capture_output=True, check=True, timeout=200)
    return {one["code"]: one for one in json.loads(done.stdout)}


def shown(rate: dict[str, Any]) -> tuple[Decimal | None, int, int]:
    """A rate as a card shows it: per cent to two places, and what is counted."""
    if not rate["denominator"]:
        return None, 0, 0
    value = Decimal(rate["numerator"] * 100) / rate["denominator"]
    assert abs(Decimal(str(rate["value"])) - value) < Decimal("0.0001")
    return round(value, 2), rate["numerator"], rate["denominator"]


def card(visitor: Any, code: str) -> tuple[Decimal | None, int, int]:
    """What the card of a rate says."""
    article = visitor.page.locator("article.tx-indicator").filter(
        has=visitor.page.locator(f'a[href*="/indicators/{code}"]')
    )
    value = article.locator(".tx-indicator__value").inner_text()
    counts = re.match(r"([\d,]+) / ([\d,]+)", article.locator(".tx-indicator__foot").inner_text())
    if counts is None:
        return None, 0, 0
    numerator, denominator = (int(one.replace(",", "")) for one in counts.groups())
    return Decimal(value.strip().removesuffix("%")), numerator, denominator


def adds_up(visitor: Any, rate: dict[str, Any]) -> None:
    """The rows behind a rate, those shown and those only counted, add up to both sides of it."""
    rows, counted = 0, 0
    for row in visitor.page.locator("#evidence tbody tr").all():
        cells = [cell.strip() for cell in row.locator("th, td").all_inner_texts()]
        hidden = re.search(r"另有 ([\d,]+) ", cells[0])
        rows += int(hidden[1]) if hidden else 1
        counted += int(re.search(r"\d+", cells[2])[0]) if hidden else cells[2] == COUNTED
        assert hidden or cells[2] in {COUNTED, NOT_COUNTED}
    assert (counted, rows) == (rate["numerator"], rate["denominator"])
    total = visitor.page.locator("#units tbody tr").last.locator("th, td").all_inner_texts()
    assert [int(one) for one in total[-2:]] == [rate["numerator"], rate["denominator"]]
