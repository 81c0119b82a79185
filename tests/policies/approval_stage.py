"""Cases and their movers, for the tests of approval."""

from datetime import UTC, datetime

from policies import approval, rulebook
from policies.approval import CaseFacts, Moved, Mover
from policies.refusals import Refused
from policies.rulebook import Rulebook

BOOK = rulebook.load()


NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)  # a Monday with no holiday near


AUTHORITY = frozenset({"authority:authority_reviewer"})


PROVIDER = frozenset({"provider:department_reviewer"})


APPLICANT = frozenset({"applicant:self"})


SYSTEM = frozenset({"system:system"})


def mover(person: str, capacities: frozenset[str], **more: object) -> Mover:
    """Someone who says all that any move needs."""
    extra = {"kind": "ADMIN_MATERIAL", "days": 1, **more}
    return Mover(person, capacities, comment="已核", basis="《浙江省公共数据条例》", extra=extra)


FIRST = mover("first", AUTHORITY)


def walk(case: CaseFacts, *steps: tuple[str, Mover], now: datetime = NOW, rules: Rulebook = BOOK) -> CaseFacts:
    for move, by in steps:
        moved = approval.decide(case, move, by, now, rules)
        assert isinstance(moved, Moved), f"{move}: {moved}"
        case = approval.after(case, moved)
    return case


def refused(case: CaseFacts, move: str, by: Mover, rules: Rulebook = BOOK) -> str:
    found = approval.decide(case, move, by, NOW, rules)
    assert isinstance(found, Refused)
    assert found.text("zh")
    assert found.text("en")
    return found.code
