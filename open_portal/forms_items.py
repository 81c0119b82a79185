"""Tables of data items as forms: a row an item, a cell an attribute; a wrong entry comes back as typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from flask_babel import get_locale, lazy_gettext

from catalog.datasets import ItemDescription
from catalog.models import Item
from open_portal import forms_entry
from policies import vocabulary as v
from policies.refusals import Invalid, Refusal

N_ = lazy_gettext
MOST = 500
BLANK = 3


@dataclass(frozen=True)
class Cell:
    """One attribute of an item as a cell: `kind` is text, choice or box."""

    label: Any
    kind: str = "text"
    terms: type[v.Term] | None = None
    optional: bool = False
    limit: int = 300

    def choices(self) -> list[tuple[str, str]]:
        """What a choice offers, as code and label."""
        first = [("", "–")] if self.optional else []
        return [*first, *((one.value, forms_entry.named(one)) for one in self.terms or ())]

    def read(self, typed: str) -> Any:
        """The typed text as the item's value; Invalid when it can't be meant."""
        if self.kind == "box":
            return bool(typed)
        text = typed.strip()
        if self.terms is None:
            if len(text) > self.limit:
                raise Invalid("general.too-long", limit=self.limit, length=len(text))
            return text
        if not text and self.optional:
            return None
        found = next((one for one in self.terms if one.value == text), None)
        if found is None:
            raise Invalid("general.choice", value=text[:40])
        return found

    def show(self, value: Any) -> str:
        """The item's value as it is typed."""
        if self.kind == "box":
            return "y" if value else ""
        return str(getattr(value, "value", value) or "")


CELLS: Mapping[str, Cell] = {
    "title": Cell(N_("Name in Chinese")),
    "title_en": Cell(N_("Name in English")),
    "meaning": Cell(N_("Meaning"), limit=2000),
    "type": Cell(N_("Type"), "choice", v.ItemType),
    "unit": Cell(N_("Unit"), limit=50),
    "is_primary": Cell(N_("Primary key"), "box"),
    "nullable": Cell(N_("May be empty"), "box"),
    "security_level": Cell(N_("Security level"), "choice", v.SecurityLevel),
    "personal_kind": Cell(N_("Personal information"), "choice", v.PersonalKind, optional=True),
    "desensitisation": Cell(N_("Desensitisation"), "choice", v.Desensitisation),
    "sensitive": Cell(N_("Sensitive"), "box"),
    "business_secret": Cell(N_("Business secret"), "box"),
    "secret": Cell(N_("State secret"), "box"),
    "share_type": Cell(N_("Sharing attribute"), "choice", v.ShareType),
    "share_condition": Cell(N_("Condition of sharing"), limit=255),
    "open_type": Cell(N_("Openness attribute"), "choice", v.OpenType),
    "open_condition": Cell(N_("Condition of opening"), limit=255),
}
DESCRIBING = ("title", "title_en", "meaning", "type", "unit", "is_primary", "nullable")
GRADING = ("security_level", "personal_kind", "desensitisation", "sensitive", "business_secret", "secret")
OPENING = ("share_type", "share_condition", "open_type", "open_condition")


@dataclass
class Row:
    """A line of the table: the item's name, what its cells show, what is wrong with them."""

    number: int
    name: str
    shown: dict[str, str]
    known: bool = True
    errors: dict[str, str] = field(default_factory=dict)
    removed: bool = False
    note: str = ""

    @property
    def blank(self) -> bool:
        """Whether nothing was typed into a line for a new item."""
        return not self.known and not any([self.name, self.shown.get("title"), self.shown.get("meaning")])


def description_of(item: Item) -> ItemDescription:
    """An item's description as it stands."""
    values = {one.name: getattr(item, one.name) for one in fields(ItemDescription)}
    return ItemDescription(**{**values, "codes": tuple(item.codes) if item.codes else None})


def rows_of(items: Sequence[Item], names: Sequence[str], blank: int = 0) -> list[Row]:
    """The table as it stands, with some empty lines for new items."""
    found = [
        Row(number, item.name, {name: CELLS[name].show(getattr(item, name)) for name in names})
        for number, item in enumerate(items)
    ]
    empty = ItemDescription(name="")
    for number in range(len(found), len(found) + blank):
        shown = {name: CELLS[name].show(getattr(empty, name)) for name in names}
        found.append(Row(number, "", shown, known=False))
    return found


def typed_rows(form: Mapping[str, str], items: Sequence[Item], names: Sequence[str]) -> list[Row]:
    """The table as it was typed; unknown names of cells are not looked at."""
    count = form.get("rows", "0")
    known = {item.name for item in items}
    return [
        Row(
            number,
            form.get(f"item-{number}-name", "").strip(),
            {name: form.get(f"item-{number}-{name}", "") for name in names},
            known=form.get(f"item-{number}-name", "") in known,
            removed=bool(form.get(f"item-{number}-drop")),
        )
        for number in range(min(int(count), MOST) if count.isdigit() else 0)
    ]


def read(rows: Sequence[Row], items: Sequence[Item], names: Sequence[str], *, adding: bool) -> list[ItemDescription]:
    """The items that the typed table means; a cell that can't be meant is marked, its item keeps its value.

    With `adding`, lines are the whole table: new ones come in, removed ones go. Without, lines change items
    that are there and others stay as they are.
    """
    before = {item.name: description_of(item) for item in items}
    after: dict[str, ItemDescription] = {} if adding else dict(before)
    for row in rows:
        if row.blank or row.removed or (not adding and row.name not in before):
            continue
        base = before.get(row.name, ItemDescription(name=row.name))
        described = replace(base, **_values(row, names))
        if not row.name or len(row.name) > CELLS["title"].limit:
            _mark(row, "name", Invalid("general.required"))
        elif adding and row.name in after:
            _mark(row, "name", Invalid("entry.item-twice"))
        else:
            after[row.name] = described
    return list(after.values())


def problems(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Everything wrong in the table, as the cell's id and a text."""
    return [
        (f"item-{row.number}-{name}", f"{row.name or row.number + 1} · {text}")
        for row in rows
        for name, text in row.errors.items()
    ]


def mark_all(rows: Sequence[Row], found: Sequence[Refusal]) -> None:
    """Put violations of the opening rules (fields items.<name>.<attribute>) beside their cells."""
    by_name = {row.name: row for row in rows}
    for refusal in found:
        where = refusal.field or ""
        name, _dot, attribute = where.removeprefix("items.").rpartition(".")
        if where.startswith("items.") and name in by_name and attribute in by_name[name].shown:
            _mark(by_name[name], attribute, refusal)


def _values(row: Row, names: Sequence[str]) -> dict[str, Any]:
    values = {}
    for name in names:
        try:
            values[name] = CELLS[name].read(row.shown[name])
        except Refusal as refusal:
            _mark(row, name, refusal)
    return values


def _mark(row: Row, name: str, refusal: Refusal) -> None:
    row.errors.setdefault(name, refusal.text(str(get_locale())))


def digest(items: Sequence[Item], names: Sequence[str]) -> str:
    """A short mark of what the table holds."""
    return forms_entry.digest(
        [(item.name, [CELLS[name].show(getattr(item, name)) for name in names]) for item in items]
    )
