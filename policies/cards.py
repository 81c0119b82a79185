"""Red, yellow and green cards (红黄绿牌): two rates against the bars of the rule file, pure."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from policies.quality_terms import Card


@dataclass(frozen=True)
class Bar:
    """Two least rates in per cent, and whether falling short of either (or) or only of both (and) counts."""

    join: Literal["and", "or"]
    timeliness: Decimal
    quality: Decimal


@dataclass(frozen=True)
class CardRules:
    """The bars of the red and the yellow card, the bodies that get none (by key), and the days over which updates
    are counted."""

    red: Bar
    yellow: Bar
    whitelist: frozenset[str]
    window: timedelta


def card(punctuality: Decimal | None, passing: Decimal | None, key: str, rules: CardRules) -> Card | None:
    """The card of a body, by its key, from the rate of updates made and the rate of datasets that pass, in per cent.

    None when neither was measured, EXEMPT for a body on the whitelist. A rate that was not measured is no reason for
    a card: with `and` it keeps the card from being shown at all.
    """
    if key in rules.whitelist:
        return Card.EXEMPT
    if punctuality is None and passing is None:
        return None
    if _short(punctuality, passing, rules.red):
        return Card.RED
    return Card.YELLOW if _short(punctuality, passing, rules.yellow) else Card.GREEN


def _short(punctuality: Decimal | None, passing: Decimal | None, bar: Bar) -> bool:
    pairs = ((punctuality, bar.timeliness), (passing, bar.quality))
    below = [rate is not None and rate < least for rate, least in pairs]
    return all(below) if bar.join == "and" else any(below)
