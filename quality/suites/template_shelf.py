"""Templates that bodies keep: made of a suite by a steward for his unit, or by the authority for everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import Entry
from policies.refusals import Invalid, NotFound, Refused
from quality.rules import rule_checks
from quality.suites import suite_templates, suites
from quality.suites.suite_models import SuiteTemplate
from quality.suites.suite_templates import Field, Template
from tenancy.models import Tenant
from tenancy.types import new_id
from tenancy.work import Work

NAME = 200


@dataclass(frozen=True)
class Kept:
    """A stored template with its row."""

    template: Template
    row: SuiteTemplate


@dataclass(frozen=True)
class Shelf:
    """The templates of a body, as permissions know them."""

    tenant: Tenant

    def facts(self) -> dict[str, Any]:
        """What permissions may know."""
        return {"type": "Template", "id": self.tenant.id, "path": self.tenant.path}


def fields_of(entry: Entry) -> tuple[Field, ...]:
    """An entry's items as a template sees them."""
    return tuple(
        Field(
            name=item.name,
            title=item.title,
            type=item.type.value,
            is_primary=item.is_primary,
            nullable=item.nullable,
            codes=tuple(item.codes or ()),
            element=str(getattr(item, "element_code", None) or ""),
        )
        for item in entry.items
    )


def keep(work: Work, tenant: Tenant, entry: Entry, name: str) -> SuiteTemplate:
    """Keep the present rules of an entry as a template of a body; Refused where it has one of that name."""
    work.demand("template.edit", Shelf(tenant))
    suite = suites.latest(work.session, entry)
    words = name.strip()
    if suite is None:
        raise Refused("suite.none")
    if not words or len(words) > NAME:
        code = "general.too-long" if words else "general.required"
        raise Invalid(code, field="name", limit=NAME, length=len(words))
    if any(one.row.name == words and one.row.tenant_id == tenant.id for one in on_shelf(work.session, entry)):
        raise Invalid("template.name-taken", field="name", name=words)
    rules = suites.rules_of(suite)
    rule_checks.demand_sound(rules)
    made = suite_templates.of_rules(rules, fields_of(entry))
    row = SuiteTemplate(
        id=new_id(),
        tenant=tenant,
        tenant_id=tenant.id,
        name=words,
        themes=list(entry.themes),
        rules=[one.to_json() for one in made],
        author_id=work.actor.id,
        created_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    work.record("template.kept", row, name=words, rules=len(made))
    return row


def put_away(work: Work, template_id: str) -> None:
    """Take a template off the shelf; what was made with it stays."""
    row = work.session.get(SuiteTemplate, template_id)
    if row is None or row.ended_at is not None:
        raise NotFound("general.not-found")
    work.demand("template.edit", row)
    row.ended_at = work.now
    work.record("template.ended", row, name=row.name)


def on_shelf(session: Session, entry: Entry) -> Sequence[Kept]:
    """The templates that an entry may use: those of its own body and of all above it."""
    query = select(SuiteTemplate).where(
        SuiteTemplate.tenant_id.in_(entry.tenant.path), SuiteTemplate.ended_at.is_(None)
    )
    return [
        Kept(Template(row.id, row.name, row.name, suite_templates.read_rows(row.rules), tuple(row.themes)), row)
        for row in session.scalars(query.order_by(SuiteTemplate.name))
    ]


def find(session: Session, entry: Entry, code: str) -> Template:
    """A template by its code, shipped or on the shelf; NotFound where the entry may use none of that code."""
    if code in suite_templates.shipped():
        return suite_templates.shipped()[code]
    found = next((one.template for one in on_shelf(session, entry) if one.template.code == code), None)
    if found is None:
        raise NotFound("general.not-found")
    return found
