"""The command that checks a file's quality without a database."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from catalog import versions
from open_portal.cli import suites
from policies.refusals import Invalid
from quality import checks, reading
from quality.checks import Judgement
from quality.engines import cells as flagging
from quality.engines import engine_sources
from quality.engines.expectations import ENGINES
from quality.proposing.proposals import ItemHint
from quality.reading import Asked, Read
from quality.rules import rules
from quality.rules.rules import Rule

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option("--fields", type=FILE, help="declared items, JSON / 字段说明")
@click.option(
    "--suite", type=FILE, help="rules to run instead of proposed ones, .json or .xlsx / 规则文件，代替自动建议的规则"
)
@click.option(
    "--engine", type=click.Choice(ENGINES), default="duckdb", show_default=True, help="what runs the rules / 校验引擎"
)
@click.option("--table", help="a table of a PostgreSQL instead of a file / 不用文件，而用 PostgreSQL 中的表")
@click.option("--schema", help="its schema / 表所在的模式")
@click.option("--database", envvar="TIAOXI_CHECK_DATABASE", help="its URL / 数据库地址")
@click.option("--json", "as_json", is_flag=True, help="print JSON / 输出 JSON")
@click.option(
    "--cells",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="write each cell that is surely wrong, as row,column,rule / 逐格写出确信有误的值：行、列、规则",
)
def check(
    file: Path | None,
    fields: Path | None,
    suite: Path | None,
    engine: str,
    table: str | None,
    schema: str | None,
    database: str | None,
    as_json: bool,
    cells: Path | None,
) -> None:
    """Read, type, profile and score a file or a table. / 读取、定型、探查并评分。"""
    if (file is None) == (table is None) or (table is not None and not database):
        raise click.UsageError("FILE, or --table with --database / 请给出文件，或者 --table 与 --database")
    if cells and engine != "duckdb":
        raise click.UsageError("--cells needs the duckdb engine / --cells 只能配合 duckdb 引擎")
    items = read_fields(fields) if fields else ()
    asked = read_suite(suite) if suite else None
    now = datetime.now(UTC)  # noqa: TID251 - a command starts its own clock
    with (
        Console(stderr=True).status(table or str(file)),
        TemporaryDirectory(prefix="tiaoxi-") as folder,
    ):
        file = file or copied(table or "", schema, database or "", Path(folder))
        read = taken_in(file, Path(folder), now, items)
        used = read.rules if asked is None else asked
        try:
            ledger = Path(folder) / "ledger.parquet" if cells else None
            found = checks.judge(read.table, used, now, rows=read.intake.rows_loaded, engine=engine, ledger=ledger)
        except Invalid as refusal:
            raise _told(refusal) from refusal
        if cells and ledger:
            write_cells(cells, file, read, used, ledger)
    report = describe(read, found)
    click.echo(json.dumps(report, ensure_ascii=False, indent=2, default=str) if as_json else as_text(report))


def _told(refusal: Invalid) -> click.ClickException:
    """A refusal in both languages."""
    return click.ClickException("\n".join(dict.fromkeys(refusal.text(language) for language in ("zh", "en"))))


def copied(table: str, schema: str | None, database: str, folder: Path) -> Path:
    """A table of a database as a Parquet file; what the database refuses is told without its URL."""
    out = folder / "copy.parquet"
    try:
        engine_sources.copy_table(database, schema, table, out)
    except (SQLAlchemyError, ValueError) as error:
        cause = getattr(error, "orig", None) or error
        why = str(cause).splitlines()[0] if isinstance(error, SQLAlchemyError) else type(error).__name__
        raise _told(Invalid("check.table-unreadable", table=table, why=why)) from None
    return out


def write_cells(out: Path, file: Path, read: Read, used: Sequence[Rule], ledger: Path) -> int:
    """The flagged cells of a file as CSV (see `quality.engines.cells`); returns how many lines."""
    rows = flagging.numbers(file, file.name, read.intake, read.refused, ledger.parent)
    with out.open("w", encoding="utf-8", newline="") as text:
        return flagging.write(text, used, ledger, rows)


def taken_in(file: Path, folder: Path, now: datetime, items: tuple[ItemHint, ...]) -> Read:
    """A file as a table; a refusal names the file before its reason."""
    try:
        found = reading.read(file, file.name, folder, now, items=items)
    except Invalid as refusal:
        reasons = dict.fromkeys(f"{file.name}: {refusal.text(language)}" for language in ("zh", "en"))
        raise click.ClickException("\n".join(reasons)) from refusal
    if isinstance(found, Asked):
        raise TypeError("a file was asked about although nobody can answer")
    return found


def read_suite(path: Path) -> tuple[Rule, ...]:
    """A suite: a workbook or JSON of Great Expectations, or a JSON list of rules as they are stored."""
    if path.suffix.lower() != ".json" or not path.read_bytes().lstrip().startswith(b"["):
        return suites.read_rules(path)
    try:
        return tuple(Rule.from_json(row) for row in json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise _told(Invalid("check.suite-unreadable", filename=path.name, why=str(error))) from error


def read_fields(path: Path) -> tuple[ItemHint, ...]:
    """Declared items: a JSON list of objects with name and any of the other fields of an item hint."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return tuple(ItemHint(**{**row, "codes": tuple(row["codes"]) if row.get("codes") else None}) for row in rows)
    except (ValueError, TypeError, KeyError) as error:
        raise Invalid("file.fields-unreadable", why=str(error)) from error


def describe(read: Read, found: Judgement) -> dict[str, Any]:
    """The report: the account of rows, score, dimensions, and what each rule found."""
    outcomes = {one.rule_id: one for one in found.run.results}
    return {
        "rows_read": read.intake.rows_read,
        "rows_loaded": read.intake.rows_loaded,
        "rows_refused": read.intake.rows_refused,
        "encoding": read.intake.encoding,
        "columns": [{"name": one.name, "type": one.type.value} for one in read.intake.columns],
        "score": checks.score_of(found.scorecard.total),
        "grade": found.scorecard.grade.value if found.scorecard.grade else None,
        "verdict": found.gate.verdict.value,
        "reasons": [versions.problem_of(one) for one in found.gate.reasons],
        "dimensions": {one.value: checks.score_of(value) for one, value in found.scorecard.dimensions.items()},
        "rules": [
            {
                "rule_id": rule.rule_id,
                "kind": rule.kind,
                "columns": list(rule.columns),
                "dimension": rule.dimension,
                "severity": rule.severity,
                "sentence_zh": rules.sentence(rule, "zh"),
                "sentence_en": rules.sentence(rule, "en"),
                "evaluated": outcomes[rule.rule_id].evaluated,
                "unexpected_count": outcomes[rule.rule_id].unexpected,
                "success": outcomes[rule.rule_id].success,
                "error": outcomes[rule.rule_id].error,
            }
            for rule in found.rules
        ],
        "notes": [asdict(one) for one in read.intake.notes],
        "engine": found.run.engine,
        "engine_version": found.run.engine_version,
        "rows_scanned": found.run.rows,
        "sampled": found.run.sampled,
        "seconds": round(found.run.seconds, 3),
        "peak_memory_mb": found.run.peak_memory_mb,
    }


def as_text(report: dict[str, Any]) -> str:
    """The report for a person at a terminal."""
    lines = [
        "{rows_read} read / 读取, {rows_loaded} loaded / 载入, {rows_refused} refused / 拒收".format(**report),
        f"score / 得分 {report['score']}  {report['grade']}  {report['verdict']}",
    ]
    lines.append("{engine_version}: {rows_scanned} 行 rows, {seconds} s, {peak_memory_mb} MB".format(**report))
    for rule in report["rules"]:
        sign = "✓" if rule["success"] else "✗"
        lines.append(f"{sign} {rule['unexpected_count']:>8}/{rule['evaluated']}  {rule['sentence_zh']}")
    return "\n".join(lines)
