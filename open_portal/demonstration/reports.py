"""Issues of the demonstration: those that checks found, and reports of the public at several stages."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from catalog.models import Entry
from open_portal.demonstration import entries, files
from open_portal.demonstration.cast import Cast
from open_portal.handlers import watch_issues
from open_portal.wiring import Kit
from policies import vocabulary as v
from quality.issues import issue_reports, issues
from quality.issues.issue_models import Issue
from quality.issues.issue_reports import Typed
from tenancy import work
from tenancy.actors import ANONYMOUS, Actor

DAY = timedelta(days=1)
REPORTS = (
    ("有一行与官网公布的不一致，请核对。", ("accept", "confirm", "answer")),
    ("最近新增的一处没有收录。", ("accept",)),
    ("有一行的名称写错了。", ()),
)
COMMENTS = {"accept": "", "confirm": "", "answer": "已核对并更正，感谢反馈。"}


def report(kit: Kit, cast: Cast, now: datetime) -> None:
    """Open what checks found, confirm the first of it, and hand in the reports."""
    watch_issues(replace(kit, clock=lambda: now), {})
    with kit.database.read() as session:
        query = select(Issue).where(Issue.source == v.IssueSource.RULE).order_by(Issue.number).limit(1)
        first = session.scalars(query).first()
        found = (first.number, first.tenant.key) if first else None
    if found:
        _act(kit, cast.steward(found[1]), found[0], "confirm", now + DAY)
    known = entries.by_key(kit)
    rows = [row for row in files.table("datasets.toml")["dataset"] if row["open_tier"] == "T0" and row["key"] in known]
    for row, (text, moves) in zip(rows[2:], REPORTS, strict=False):
        _report(kit, cast, row, known[row["key"]], text, moves, now)


def _report(
    kit: Kit, cast: Cast, row: Mapping[str, Any], entry_id: str, text: str, moves: tuple[str, ...], now: datetime
) -> None:
    secret = issue_reports.secret_of(kit.secret_key, row["key"])
    with work.begin(kit.database, ANONYMOUS, now) as unit:
        entry = unit.session.get_one(Entry, entry_id)
        item = next((one.name for one in entry.items if not one.secret), "")
        number = issue_reports.report(unit, entry, Typed(text, item=item), secret=secret).number
    for day, move in enumerate(moves, 1):
        who = cast.actor("officer-a") if move == "accept" else cast.steward(row["owner"])
        _act(kit, who, number, move, now + day * DAY)


def _act(kit: Kit, who: Actor, number: str, move: str, now: datetime) -> None:
    with work.begin(kit.database, who, now) as unit:
        issues.act(unit, issues.find(unit.session, number, who), move, comment=COMMENTS[move])
