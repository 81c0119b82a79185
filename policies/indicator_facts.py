"""What indicators look at: the frozen facts of an entry and of a demand, and the named predicates over
them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self, TypeVar

from policies.calendars import local_date
from policies.grading import timely
from policies.vocabulary import EntryState, OpenState, OpenType, Origin, ShareType, UpdateCycle

T = TypeVar("T", bound=StrEnum)


@dataclass(frozen=True)
class EntryFacts:
    """One catalogue entry as it stood at a moment; `path` are the tenants from its owner up to the city."""

    id: str
    code: str
    tenant_id: str
    path: tuple[str, ...]
    origin: Origin
    state: EntryState
    share_type: ShareType
    open_type: OpenType
    open_state: OpenState
    mounted: bool
    probe_ok: bool
    rows: int | None
    items: int
    items_open: int
    items_shared: int
    grade: str | None
    update_cycle: UpdateCycle
    data_updated_at: datetime | None
    source_org_id: str
    item_set: str
    secret: bool

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """The facts in a mapping of JSON values; keys of no interest are ignored.

        A missing key or a wrong value is a ValueError naming the entry, so that no figure is computed from
        half a fact.
        """
        try:
            return cls(
                id=str(facts["id"]),
                code=str(facts["code"]),
                tenant_id=str(facts["tenant_id"]),
                path=tuple(str(tenant) for tenant in facts["path"]),
                origin=_term(Origin, facts["origin"]),
                state=_term(EntryState, facts["state"]),
                share_type=_term(ShareType, facts["share_type"]),
                open_type=_term(OpenType, facts["open_type"]),
                open_state=_term(OpenState, facts["open_state"]),
                mounted=bool(facts["mounted"]),
                probe_ok=bool(facts["probe_ok"]),
                rows=None if facts["rows"] is None else int(facts["rows"]),
                items=int(facts["items"]),
                items_open=int(facts["items_open"]),
                items_shared=int(facts["items_shared"]),
                grade=facts["grade"],
                update_cycle=_term(UpdateCycle, facts["update_cycle"]),
                data_updated_at=_instant(facts["data_updated_at"]),
                source_org_id=str(facts["source_org_id"] or ""),
                item_set=str(facts["item_set"] or ""),
                secret=bool(facts["secret"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"facts of entry {facts.get('id')!r}: {error!r}") from error


@dataclass(frozen=True)
class DemandFacts:
    """One demand as it stood at a moment; `dedupe` is the same for the same demander, provider, items and
    purpose."""

    id: str
    tenant_id: str
    path: tuple[str, ...]
    stage: str
    accepted_on: date | None
    confirmed_on: date | None
    due_on: date | None
    lawful_refusal: bool
    returned_kind: str | None
    items_requested: int
    items_supplied: int
    dedupe: str

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """The facts in a mapping of JSON values, as `EntryFacts.of`."""
        try:
            return cls(
                id=str(facts["id"]),
                tenant_id=str(facts["tenant_id"]),
                path=tuple(str(tenant) for tenant in facts["path"]),
                stage=str(facts["stage"]),
                accepted_on=_day(facts["accepted_on"]),
                confirmed_on=_day(facts["confirmed_on"]),
                due_on=_day(facts["due_on"]),
                lawful_refusal=bool(facts["lawful_refusal"]),
                returned_kind=facts["returned_kind"],
                items_requested=int(facts["items_requested"]),
                items_supplied=int(facts["items_supplied"]),
                dedupe=str(facts["dedupe"] or ""),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"facts of demand {facts.get('id')!r}: {error!r}") from error


@dataclass(frozen=True)
class Moment:
    """When and by which bars facts are judged: the bars belong to the definition, so that a reading can be
    replayed."""

    now: datetime
    since: date
    tolerance: Decimal
    least_grade: str

    @property
    def today(self) -> date:
        """The date in Asia/Shanghai."""
        return local_date(self.now)


def _term(kind: type[T], code: object) -> T:
    found = next((member for member in kind if member == code), None)
    if found is None:
        raise ValueError(f"{code!r} is no {kind.__name__}")
    return found


def _instant(value: str | datetime | None) -> datetime | None:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    if found is not None and found.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return found


def _day(value: str | date | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _base(entry: EntryFacts, _: Moment) -> bool:
    return entry.state.live and entry.origin == Origin.OWN and not entry.secret


def _open(entry: EntryFacts, _: Moment) -> bool:
    return entry.open_state.live and entry.open_type != OpenType.OPEN_FORBIDDEN


def _open_unconditional(entry: EntryFacts, at: Moment) -> bool:
    return _open(entry, at) and entry.open_type == OpenType.OPEN_UNCOND


def _openable(entry: EntryFacts, _: Moment) -> bool:
    return entry.open_type != OpenType.OPEN_FORBIDDEN


def _sharable(entry: EntryFacts, _: Moment) -> bool:
    return entry.share_type != ShareType.SHARE_NONE


def _unconditionally_sharable(entry: EntryFacts, _: Moment) -> bool:
    return entry.share_type == ShareType.SHARE_UNCOND


def _mounted(entry: EntryFacts, _: Moment) -> bool:
    return entry.mounted


def _reachable(entry: EntryFacts, _: Moment) -> bool:
    return entry.probe_ok


def _filled(entry: EntryFacts, _: Moment) -> bool:
    return entry.rows is not None and entry.rows > 0


def _timely(entry: EntryFacts, at: Moment) -> bool:
    return timely(entry.data_updated_at, entry.update_cycle.max_age, at.now, at.tolerance)


def _graded(entry: EntryFacts, at: Moment) -> bool:
    # Grades are single letters, A the best.
    return entry.grade is not None and str(entry.grade) <= at.least_grade


def _accepted(demand: DemandFacts, at: Moment) -> bool:
    return demand.accepted_on is not None and at.since < demand.accepted_on <= at.today


def _completed(demand: DemandFacts, at: Moment) -> bool:
    confirmed = demand.confirmed_on is not None and demand.confirmed_on <= at.today
    return demand.stage == "COMPLETED" and confirmed


def _in_time(demand: DemandFacts, _: Moment) -> bool:
    if demand.confirmed_on is None or demand.due_on is None:
        return False
    return demand.confirmed_on <= demand.due_on


def _lawful_refusal(demand: DemandFacts, _: Moment) -> bool:
    return demand.lawful_refusal


def _returned(demand: DemandFacts, _: Moment) -> bool:
    return demand.returned_kind is not None and not demand.lawful_refusal


def _overdue(demand: DemandFacts, at: Moment) -> bool:
    ended = demand.lawful_refusal or demand.returned_kind is not None or _completed(demand, at)
    return not ended and demand.due_on is not None and demand.due_on < at.today


ENTRY_PREDICATES: Mapping[str, Callable[[EntryFacts, Moment], bool]] = {
    "base": _base,
    "open": _open,
    "open_unconditional": _open_unconditional,
    "openable": _openable,
    "sharable": _sharable,
    "unconditionally_sharable": _unconditionally_sharable,
    "mounted": _mounted,
    "reachable": _reachable,
    "filled": _filled,
    "timely": _timely,
    "graded": _graded,
}
"""What a definition may ask of an entry, by name."""

DEMAND_PREDICATES: Mapping[str, Callable[[DemandFacts, Moment], bool]] = {
    "accepted": _accepted,
    "completed": _completed,
    "in_time": _in_time,
    "lawful_refusal": _lawful_refusal,
    "returned": _returned,
    "overdue": _overdue,
}
"""What a definition may ask of a demand, by name."""

ENTRY_WEIGHTS = frozenset({"items", "items_open", "items_shared"})
DEMAND_WEIGHTS = frozenset({"items_requested", "items_supplied"})
