"""Disclosure risk before opening: what was counted in a table is judged by the thresholds of its open tier.

Only counts come in here, never a value. Whether a table may be opened as it is: it passes, a reviewer has to sign
it off with his reason, or it is not to be opened as it is (which only his signature overrides, on record).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from policies import quasi_identifiers
from policies.refusals import Refusal, Refused
from policies.rule_tables import Table
from policies.vocabulary import Confidence, OpenTier, PersonalKind, RiskVerdict

SIZES = 20
"""Classes and cells are counted by size below this; no threshold may lie above."""
FINENESS = ("year", "month", "day")
METRES_PER_DEGREE = 111_320


@dataclass(frozen=True)
class Thresholds:
    """What is fine enough for a group of tiers; see policies/rules/disclosure.toml."""

    code: str
    tiers: tuple[OpenTier, ...]
    k: int
    stop_share: Decimal
    small_cell: int
    least_values: int
    decimals: int
    birth: str
    basis: str
    basis_en: str
    confidence: str


@dataclass(frozen=True)
class Facts:
    """What was counted in a table of `rows` rows.

    `roles` column → role by its name (`quasi_identifiers.role`); `quasi` the columns whose combinations were
    counted, `chosen` whether the steward chose them; `sizes` (size, classes of that size), all of SIZES and more
    rows as one size; `uniform` sensitive column → {values in a class: rows in such classes}; `cells` count column →
    (count, cells); `births` column → finest part (year, month, day); `decimals` of coordinates by column;
    `persons` whether rows are about persons, `aggregated` whether they are counts of them.
    """

    rows: int
    roles: Mapping[str, str] = field(default_factory=dict)
    quasi: tuple[str, ...] = ()
    chosen: bool = False
    persons: bool = False
    aggregated: bool = False
    classes: int = 0
    sizes: tuple[tuple[int, int], ...] = ()
    uniform: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    cells: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    births: Mapping[str, str] = field(default_factory=dict)
    decimals: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Facts":
        """The facts that a version keeps."""
        return cls(
            rows=kept["rows"],
            roles=kept.get("roles", {}),
            quasi=tuple(kept.get("quasi", ())),
            chosen=kept.get("chosen", False),
            persons=kept.get("persons", False),
            aggregated=kept.get("aggregated", False),
            classes=kept.get("classes", 0),
            sizes=_pairs(kept.get("sizes", ())),
            uniform=kept.get("uniform", {}),
            cells={name: _pairs(pairs) for name, pairs in kept.get("cells", {}).items()},
            births=kept.get("births", {}),
            decimals=kept.get("decimals", {}),
        )

    @property
    def smallest(self) -> int | None:
        """The size of the smallest class (k of the table); None where no classes were counted."""
        return min((size for size, _ in self.sizes), default=None)

    def below(self, k: int) -> int:
        """How many rows lie in classes smaller than k."""
        return sum(size * classes for size, classes in self.sizes if size < k)

    def small_cells(self, column: str, bound: int) -> int:
        """How many cells of a column of counts hold 1 up to below the bound."""
        return sum(cells for count, cells in self.cells.get(column, ()) if 0 < count < bound)


@dataclass(frozen=True)
class Claim:
    """A finding of personal data that its item doesn't declare, and what was answered: "", confirmed, dismissed."""

    column: str
    kind: PersonalKind
    hits: int
    confidence: Confidence
    answer: str = ""


@dataclass(frozen=True)
class Judgement:
    """The verdict on a table, with every reason against opening it as it is, the gravest first."""

    verdict: RiskVerdict
    reasons: tuple[tuple[RiskVerdict, Refusal], ...] = ()


def _pairs(kept: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((int(one[0]), int(one[1])) for one in kept)


def thresholds(table: Table) -> Mapping[str, Thresholds]:
    """`disclosure.toml`: the thresholds of both groups of tiers; every tier to which data are opened is in one."""
    found = {code: _thresholds(code, table.table(code)) for code in ("open", "restricted")}
    table.done()
    tiers = [tier for one in found.values() for tier in one.tiers]
    if sorted(tiers) != sorted(tier for tier in OpenTier if tier is not OpenTier.TX):
        raise table.refuse("open.tiers", "T0, T1, T2 and T3 once each")
    return found


def _thresholds(code: str, table: Table) -> Thresholds:
    found = Thresholds(
        code=code,
        tiers=tuple(OpenTier(one) for one in table.codes("tiers", list(OpenTier))),
        k=table.whole("k", 2),
        stop_share=table.number("stop_share"),
        small_cell=table.whole("small_cell", 1),
        least_values=table.whole("l", 1),
        decimals=table.whole("decimals", 0),
        birth=table.code("birth", FINENESS),
        basis=table.text("basis"),
        basis_en=table.text("basis_en"),
        confidence=table.code("confidence", ("H", "M", "L")),
    )
    table.done()
    for name, value in (("k", found.k), ("small_cell", found.small_cell), ("l", found.least_values)):
        if value > SIZES:
            raise table.refuse(name, f"at most {SIZES}")
    if found.stop_share > 1:
        raise table.refuse("stop_share", "at most 1")
    return found


def of_tier(groups: Mapping[str, Thresholds], tier: OpenTier) -> Thresholds | None:
    """The thresholds for a tier; None for data that are not opened."""
    return next((one for one in groups.values() if tier in one.tiers), None)


def about_persons(roles: Mapping[str, str], *, direct: bool) -> bool:
    """Whether the rows of a table are about persons: by a direct identifier, whom they name, or two attributes that
    go together; one attribute alone may be a list of codes."""
    told = set(roles.values())
    attributes = told & set(quasi_identifiers.PERSON)
    together = len(attributes) + bool(told & set(quasi_identifiers.PLACE)) > 1
    return direct or "subject" in told or (bool(attributes) and together)


def proposed(roles: Mapping[str, str], leaving: Collection[str], *, persons: bool) -> tuple[str, ...]:
    """The quasi-identifiers among the columns that leave, by their names; none in a table not about persons."""
    telling = {*quasi_identifiers.PERSON, *quasi_identifiers.PLACE, "coordinate"}
    return tuple(name for name, role in roles.items() if persons and role in telling and name in leaving)


def metres(decimals: int) -> str:
    """What a step of the last decimal of a coordinate is on the ground, in metres (along a meridian), as text."""
    step = METRES_PER_DEGREE / float(10**decimals)
    return f"{step:.0f}" if step >= 10 else f"{step:.2g}"


def fits(facts: Facts, leaving: Collection[str]) -> bool:
    """Whether what was counted still covers what would leave now: more columns only make classes smaller."""
    if facts.aggregated or facts.chosen:
        return True
    return set(proposed(facts.roles, leaving, persons=facts.persons)) <= set(facts.quasi)


def judge(facts: Facts, claims: Sequence[Claim], leaving: Collection[str], bar: Thresholds) -> Judgement:
    """The verdict for a group of tiers; `leaving` are the columns that readers of that tier would get."""
    reasons = [
        *_claims(claims, leaving),
        *_classes(facts, bar),
        *_left_out(facts, leaving),
        *_uniform(facts, bar, leaving),
        *_cells(facts, bar, leaving),
        *_fineness(facts, bar, leaving),
    ]
    reasons.sort(key=lambda one: -one[0].rank)
    return Judgement(reasons[0][0] if reasons else RiskVerdict.PASS, tuple(reasons))


Found = Iterator[tuple[RiskVerdict, Refusal]]


def _claims(claims: Sequence[Claim], leaving: Collection[str]) -> Found:
    """Personal data that the catalogue doesn't speak of."""
    for one in claims:
        if one.column not in leaving:
            continue
        certain = one.confidence is Confidence.CERTAIN
        about: dict[str, Any] = {"column": one.column, "kind": one.kind, "hits": one.hits}
        if one.answer == "confirmed":
            yield RiskVerdict.STOP, Refused("disclosure.confirmed", None, **about)
        elif one.answer == "dismissed" and certain:
            yield RiskVerdict.REVIEW, Refused("disclosure.dismissed", None, **about)
        elif not one.answer:
            yield RiskVerdict.STOP if certain else RiskVerdict.REVIEW, Refused("disclosure.found", None, **about)


def _classes(facts: Facts, bar: Thresholds) -> Found:
    small = facts.below(bar.k)
    if small and facts.rows:
        grave = Decimal(small) / facts.rows > bar.stop_share
        about: dict[str, Any] = {"k": bar.k, "rows": small, "of": facts.rows, "smallest": facts.smallest}
        refusal = Refused("disclosure.small-classes", None, columns=facts.quasi, **about)
        yield RiskVerdict.STOP if grave else RiskVerdict.REVIEW, refusal


def _left_out(facts: Facts, leaving: Collection[str]) -> Found:
    """What the steward left out of the quasi-identifiers although its name speaks for it."""
    missed = set(proposed(facts.roles, leaving, persons=facts.persons)) - set(facts.quasi)
    if facts.chosen and missed and not facts.aggregated:
        yield RiskVerdict.REVIEW, Refused("disclosure.left-out", columns=tuple(sorted(missed)))


def _uniform(facts: Facts, bar: Thresholds, leaving: Collection[str]) -> Found:
    for column, counted in facts.uniform.items():
        rows = sum(count for values, count in counted.items() if int(values) < bar.least_values)
        if rows and column in leaving:
            yield RiskVerdict.REVIEW, Refused("disclosure.uniform", column=column, rows=rows, least=bar.least_values)


def _cells(facts: Facts, bar: Thresholds, leaving: Collection[str]) -> Found:
    for column in facts.cells:
        small = facts.small_cells(column, bar.small_cell)
        if small and column in leaving:
            yield (
                RiskVerdict.REVIEW,
                Refused("disclosure.small-cells", column=column, cells=small, bound=bar.small_cell),
            )


def _fineness(facts: Facts, bar: Thresholds, leaving: Collection[str]) -> Found:
    """Dates of birth to the day, and places of persons to the metre."""
    for column, part in facts.births.items():
        if column in leaving and FINENESS.index(part) > FINENESS.index(bar.birth):
            yield RiskVerdict.REVIEW, Refused("disclosure.birth", column=column)
    for column, places in facts.decimals.items():
        if facts.persons and column in leaving and places > bar.decimals:
            about: dict[str, Any] = {"column": column, "decimals": places, "allowed": bar.decimals}
            yield RiskVerdict.REVIEW, Refused("disclosure.place", None, metres=metres(places), **about)
