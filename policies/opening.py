"""What may be shared and opened, and how: the rules about the attributes of an entry and of its data items.

Everything is judged at once and every violation is told with the field it belongs to: an attribute of the
entry by its name, an attribute of an item as ``items.<name>.<attribute>``.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from policies.refusals import Invalid, Refusal
from policies.vocabulary import (
    Desensitisation,
    Licence,
    NationalGrade,
    OpenTier,
    OpenType,
    PersonalKind,
    Ranked,
    ReasonKind,
    SecurityLevel,
    ShareMode,
    ShareType,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What an entry declares about sharing and opening; None or "" where nothing was declared yet."""

    share_type: ShareType | None
    open_type: OpenType | None
    open_tier: OpenTier | None
    security_level: SecurityLevel | None
    national_grade: NationalGrade | None = NationalGrade.GENERAL
    share_condition: str = ""
    share_mode: ShareMode | None = None
    share_basis: str = ""
    share_reason: ReasonKind | None = None
    open_condition: str = ""
    open_basis: str = ""
    open_reason: ReasonKind | None = None
    licence: Licence | None = None
    personal_basis: str = ""
    """Consent of the persons or rights-holders, or the other legal basis for opening data about them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAttributes:
    """What one data item declares; ``name`` is its technical name, unique in the entry."""

    name: str
    security_level: SecurityLevel
    share_type: ShareType
    open_type: OpenType
    share_condition: str = ""
    open_condition: str = ""
    secret: bool = False
    sensitive: bool = False
    business_secret: bool = False
    personal_kind: PersonalKind | None = None
    desensitisation: Desensitisation = Desensitisation.NONE

    @property
    def personal(self) -> bool:
        """Whether the item says something about an identifiable person: anonymised data no longer do."""
        return self.personal_kind is not None and self.desensitisation is not Desensitisation.ANONYMISED

    @property
    def sensitive_personal(self) -> bool:
        """Whether what it says is sensitive in the sense of the personal information protection law."""
        return self.personal and (self.sensitive or (self.personal_kind is not None and self.personal_kind.sensitive))


@dataclass(frozen=True, slots=True)
class Contents:
    """What an entry holds, as its items tell: never typed in."""

    personal: bool
    sensitive_personal: bool
    business_secret: bool


_TIERS = {
    OpenType.OPEN_UNCOND: (OpenTier.T0, OpenTier.T1),
    OpenType.OPEN_RESTRICTED: (OpenTier.T2, OpenTier.T3),
    OpenType.OPEN_FORBIDDEN: (OpenTier.TX,),
}
_CONDITIONAL = frozenset({ShareType.SHARE_RESTRICTED, OpenType.OPEN_RESTRICTED})
_PROPOSED = {
    SecurityLevel.L1: OpenType.OPEN_UNCOND,
    SecurityLevel.L2: OpenType.OPEN_RESTRICTED,
    SecurityLevel.L3: OpenType.OPEN_RESTRICTED,
    SecurityLevel.L4: OpenType.OPEN_FORBIDDEN,
}


def check(entry: Attributes, items: Sequence[ItemAttributes]) -> tuple[Refusal, ...]:
    """Every violation of the opening rules, each an Invalid with its ``field``; empty if all is in order."""
    return (
        *_missing(entry),
        *_secrets(items),
        *_grading(entry, items),
        *_sharing(entry),
        *_opening(entry),
        *_items(entry, items),
        *_persons(entry, items),
    )


def level_of(items: Iterable[ItemAttributes]) -> SecurityLevel | None:
    """The security level of a dataset: the highest of its items (就高原则); None without items."""
    return max((item.security_level for item in items), default=None)


def contents_of(items: Iterable[ItemAttributes]) -> Contents:
    """Whether the items hold personal, sensitive personal or business-secret data."""
    kept = list(items)
    return Contents(
        any(item.personal for item in kept),
        any(item.sensitive_personal for item in kept),
        any(item.business_secret for item in kept),
    )


def tiers_for(open_type: OpenType) -> tuple[OpenTier, ...]:
    """The tiers an opening attribute leaves to choose from, the freest first."""
    return _TIERS[open_type]


def proposed_open_type(level: SecurityLevel, grade: NationalGrade = NationalGrade.GENERAL) -> OpenType:
    """The opening attribute to propose for a level: the default treatment of DB33/T 2350-2021."""
    return OpenType.OPEN_FORBIDDEN if grade > NationalGrade.GENERAL else _PROPOSED[level]


def tightens(old: Ranked | None, new: Ranked | None) -> bool:
    """Whether one attribute is shut more than before, which only the authority may allow.

    What was not declared before cannot be tightened; what is no longer declared counts as shut.
    """
    return old is not None and (new is None or new > old)


def tightened(old: Attributes, new: Attributes) -> tuple[str, ...]:
    """The attributes a change shuts more than before: of ``share_type``, ``open_type`` and ``open_tier``."""
    watched = ("share_type", "open_type", "open_tier")
    return tuple(name for name in watched if tightens(getattr(old, name), getattr(new, name)))


def _violation(code: str, field: str, **params: object) -> Refusal:
    return Invalid(code, None, field=field, **params)


def _of_item(code: str, item: ItemAttributes, attribute: str, **params: object) -> Refusal:
    return Invalid(code, None, field=f"items.{item.name}.{attribute}", item=item.name, **params)


def _blank(text: str) -> bool:
    return not text.strip()


def _missing(entry: Attributes) -> Iterator[Refusal]:
    """The attributes without which nothing can be judged."""
    for field in ("share_type", "open_type", "open_tier", "security_level", "national_grade"):
        if getattr(entry, field) is None:
            yield _violation("general.required", field)


def _secrets(items: Iterable[ItemAttributes]) -> Iterator[Refusal]:
    """State secrets are outside the regulations and may not be registered at all."""
    for item in items:
        if item.secret:
            yield _of_item("opening.secret-item", item, "secret")


def _grading(entry: Attributes, items: Iterable[ItemAttributes]) -> Iterator[Refusal]:
    """The level is the highest of the items; L4, important and core data are not opened."""
    computed = level_of(items)
    declared = entry.security_level
    if declared and computed and declared is not computed:
        yield _violation("opening.level-differs", "security_level", level=declared, computed=computed)
    if entry.open_type in (None, OpenType.OPEN_FORBIDDEN):
        return
    if SecurityLevel.L4 in (declared, computed):
        yield _violation("opening.level-forbids", "open_type", level=SecurityLevel.L4)
    if entry.national_grade and entry.national_grade > NationalGrade.GENERAL:
        yield _violation("opening.grade-forbids", "open_type", grade=entry.national_grade)


def _sharing(entry: Attributes) -> Iterator[Refusal]:
    """A condition unless unconditional, a mode unless not shared, grounds for every restriction."""
    kind = entry.share_type
    if kind is None:
        return
    if kind is ShareType.SHARE_UNCOND:
        if not _blank(entry.share_condition):
            yield _violation("opening.share-condition-surplus", "share_condition", kind=kind)
    else:
        if _blank(entry.share_condition):
            yield _violation("opening.share-condition-missing", "share_condition", kind=kind)
        yield from _grounds("share", kind, entry.share_basis, entry.share_reason)
    if kind is ShareType.SHARE_NONE:
        if entry.share_mode is not None:
            yield _violation("opening.share-mode-surplus", "share_mode", kind=kind)
    elif entry.share_mode is None:
        yield _violation("opening.share-mode-missing", "share_mode", kind=kind)


def _opening(entry: Attributes) -> Iterator[Refusal]:
    """Tier and attribute agree; condition, grounds and licence stand where they are needed."""
    kind = entry.open_type
    if kind is None:
        return
    if entry.open_tier and entry.open_tier not in tiers_for(kind):
        yield _violation("opening.tier-mismatch", "open_tier", tier=entry.open_tier, kind=kind, tiers=tiers_for(kind))
    if kind is OpenType.OPEN_RESTRICTED and _blank(entry.open_condition):
        yield _violation("opening.open-condition-missing", "open_condition", kind=kind)
    if kind is not OpenType.OPEN_UNCOND:
        yield from _grounds("open", kind, entry.open_basis, entry.open_reason)
    if kind is not OpenType.OPEN_FORBIDDEN and entry.licence is None:
        yield _violation("opening.licence-missing", "licence", kind=kind)


def _grounds(area: str, kind: Ranked, basis: str, reason: ReasonKind | None) -> Iterator[Refusal]:
    if _blank(basis):
        yield _violation("opening.basis-missing", f"{area}_basis", kind=kind)
    if reason is None:
        yield _violation("opening.reason-missing", f"{area}_reason", kind=kind)


def _items(entry: Attributes, items: Iterable[ItemAttributes]) -> Iterator[Refusal]:
    """An item is never freer than its entry, and gives its condition where it alone is restricted."""
    for item in items:
        yield from _beside(entry.share_type, item, "share", item.share_type, item.share_condition)
        yield from _beside(entry.open_type, item, "open", item.open_type, item.open_condition)


def _beside(entry: Ranked | None, item: ItemAttributes, area: str, kind: Ranked, condition: str) -> Iterator[Refusal]:
    if entry is None:
        return
    if kind < entry:
        yield _of_item("opening.item-looser", item, f"{area}_type", kind=kind, entry=entry)
    elif kind > entry and kind in _CONDITIONAL and _blank(condition):
        yield _of_item("opening.item-condition-missing", item, f"{area}_condition", kind=kind)


def _persons(entry: Attributes, items: Iterable[ItemAttributes]) -> Iterator[Refusal]:
    """Personal data and business secrets: never in T0 or T1, on application only with a legal basis.

    Personal data may be opened to all once they are anonymised: then they are personal no longer.
    """
    if entry.open_type in (None, OpenType.OPEN_FORBIDDEN):
        return
    unfounded = _blank(entry.personal_basis) and _blank(entry.open_basis)
    asked = False
    for item in items:
        if item.open_type is OpenType.OPEN_FORBIDDEN or not (item.personal or item.business_secret):
            continue
        if entry.open_type is OpenType.OPEN_UNCOND and item.open_type is OpenType.OPEN_UNCOND:
            if item.personal:
                yield _of_item("opening.personal-not-anonymised", item, "desensitisation")
            if item.business_secret:
                yield _of_item("opening.business-secret-public", item, "open_type")
        elif unfounded and not asked:
            asked = True
            yield _violation("opening.personal-basis-missing", "personal_basis", item=item.name)
