"""The shape of a procedure: its stages, and the moves between them. The procedures themselves are
`rules/procedures/*.toml`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from policies.terms import speaks_english

NEXT = "@next"
"""Move target: the stage that follows in the chain of the case, after the last one the procedure's `granted`
stage."""
BACK = "@back"
"""Move target: the stage that stopped the case."""
SAME = "@same"
"""Move target: the stage the case is in."""

SIDES = ("authority", "provider", "applicant", "system")
"""In whose name someone acts on a case; a capacity is `side:role`, with the role `self` for whoever acts as
the side."""


@dataclass(frozen=True)
class Stage:
    """Where a case can stand: whose turn it is, which limit runs, whether the other clocks are `stopped`.

    `clocks` names the limits of cases of a certain urgency, where they differ from `clock`. `supplement` marks
    the stopped stage in which the applicant owes material, see the rule `after_supplement`.
    """

    code: str
    zh: str
    en: str
    turn: str
    clock: str = ""
    stopped: bool = False
    supplement: bool = False
    end: bool = False
    clocks: Mapping[str, str] = field(default_factory=dict)

    def limit(self, urgency: str) -> str:
        """The code of the limit that runs here for a case of this urgency, empty where nothing is owed."""
        return self.clocks.get(urgency, self.clock)

    def label(self, language: str) -> str:
        """The stage in the reader's language, Chinese unless English is asked for."""
        return self.en if speaks_english(language) else self.zh


@dataclass(frozen=True)
class Move:
    """What may be done to a case in certain stages, by whom, and what must come with it."""

    code: str
    zh: str
    en: str
    stages: tuple[str, ...]
    to: str
    by: tuple[str, ...]
    needs: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] | None = None
    distinct: bool = False
    new_round: bool = False
    extends: bool = False

    def label(self, language: str) -> str:
        """The move in the reader's language, Chinese unless English is asked for."""
        return self.en if speaks_english(language) else self.zh

    def open_to(self, capacities: Iterable[str]) -> bool:
        """Whether one of these capacities may make the move."""
        return not frozenset(self.by).isdisjoint(capacities)


@dataclass(frozen=True)
class Procedure:
    """One kind of case. `chain` are the deciding stages in order; `total` is the limit of the whole case, or
    empty."""

    kind: str
    zh: str
    en: str
    first: str
    chain: tuple[str, ...]
    granted: str
    total: str
    stages: Mapping[str, Stage]
    moves: tuple[Move, ...]

    def label(self, language: str) -> str:
        """The procedure in the reader's language, Chinese unless English is asked for."""
        return self.en if speaks_english(language) else self.zh

    def named(self, code: str) -> tuple[Move, ...]:
        """The moves of this code; several when stages differ in who may make it."""
        return tuple(move for move in self.moves if move.code == code)

    def leaving(self, stage: str) -> tuple[Move, ...]:
        """The moves that start from a stage."""
        return tuple(move for move in self.moves if stage in move.stages)

    def deciding(self) -> frozenset[str]:
        """The stages that can stand in a chain: those from which a move leads on, but no draft before it."""
        found = {stage for move in self.moves if move.to == NEXT for stage in move.stages}
        return frozenset(found - {self.first} | found.intersection(self.chain))

    def capacities(self) -> tuple[str, ...]:
        """Every capacity that has a part in the procedure, in the order of sides."""
        found = {capacity for move in self.moves for capacity in move.by}
        return tuple(sorted(found, key=lambda capacity: (SIDES.index(capacity.partition(":")[0]), capacity)))
