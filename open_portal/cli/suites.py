"""Commands for rules as files: a suite taken out of the platform, or brought in by its steward."""

from pathlib import Path

import click
from sqlalchemy import select

from catalog import reading
from catalog.models import Entry
from open_portal.cli.setting_up import ready_kit
from policies.calendars import local_date
from policies.refusals import Invalid, NotFound, Refusal
from quality.rules import standing
from quality.rules.rules import Rule, sentence
from quality.suites import suite_changes, suite_diffs, suite_files, suites
from tenancy import actors, work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.models import Person

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def suite() -> None:
    """Rules as files. / 质量规则导入导出。"""


@suite.command("export")
@click.argument("entry")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_suite(entry: str, file: Path) -> None:
    """Write the present rules of ENTRY as .json (Great Expectations) or .xlsx. / 导出现行规则。"""
    kit = ready_kit()
    now = kit.clock()
    with kit.database.read() as session:
        found = reading.find(session, entry, SYSTEM, now)
        present = suites.latest(session, found)
        if present is None:
            raise Invalid("suite.none")
        rules, name = suites.rules_of(present), f"{found.code}@{present.number}"
    if file.suffix.casefold() == ".json":
        file.write_bytes(suite_files.as_json(name, rules, local_date(now)))
    elif file.suffix.casefold() == ".xlsx":
        file.write_bytes(suite_files.as_workbook(rules))
    else:
        raise Invalid("suite.file-kind")
    click.echo(f"{file}: {len(rules)}")


@suite.command("import")
@click.argument("entry")
@click.argument("file", type=FILE)
@click.option("--as", "login", required=True, help="sign-in name of a steward of the entry's unit / 数据专员的登录名")
@click.option(
    "--apply", "keep", is_flag=True, help="keep them; without it only what would change / 保存，否则只显示变化"
)
def import_suite(entry: str, file: Path, login: str, keep: bool) -> None:
    """Bring the rules of FILE in for ENTRY, all of them or none. / 导入规则。"""
    kit = ready_kit()
    rules, now = read_rules(file), kit.clock()
    with work.begin(kit.database, steward(kit.database, login), now) as unit:
        found: Entry = reading.find(unit.session, entry, unit.actor, now)
        unit.demand("suite.edit", found)
        present = suites.latest(unit.session, found)
        for one in suite_diffs.diff(suites.rules_of(present) if present else (), standing.join(rules)):
            sign = {"added": "+", "changed": "~", "dropped": "-"}[one.kind]
            click.echo(f"{sign} {one.rule.rule_id}  {sentence(one.rule)}")
        if keep:
            suite_changes.set_rules(unit, found, rules, origin=suites.IMPORTED, note=file.name)


def steward(database: Database, login: str) -> Actor:
    """The person who brings rules in; what he may do is asked of the same policies as on the desk."""
    with database.read() as session:
        person = session.scalars(select(Person).where(Person.login == login)).first()
        if person is None:
            raise NotFound("general.not-found")
        return actors.of_person(person)


def read_rules(file: Path) -> tuple[Rule, ...]:
    """The rules of a file; what is wrong is told with its places."""
    try:
        return suite_files.read(file)
    except Invalid as refusal:
        faults: dict[str, Refusal] = dict(refusal.fields) or {"": refusal}
        told = [
            f"{file.name} {place}: {one.text(language)}" for place, one in faults.items() for language in ("zh", "en")
        ]
        raise click.ClickException("\n".join(dict.fromkeys(told))) from refusal
