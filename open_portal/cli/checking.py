"""The command that checks a file's quality without a database."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from rich.console import Console

from catalog import versions
from open_portal.cli import suites
from policies.refusals import Invalid
from quality import checks, reading, rules
from quality.checks import Judgement
from quality.proposals import ItemHint
from quality.reading import Asked, Read


@click.group()
def quality() -> None:
    """Data quality. / 数据质量。"""


quality.add_command(suites.suite)


@quality.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--fields", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="declared items, JSON / 字段说明"
)
@click.option("--suite", "rules", type=suites.FILE, help="rules to run, .json or .xlsx / 规则文件")
@click.option("--json", "as_json", is_flag=True, help="print JSON / 输出 JSON")
def check(file: Path, fields: Path | None, rules: Path | None, as_json: bool) -> None:
    """Read, type, profile and score a file by proposed rules or those of a suite. / 读取、定型、探查并评分。"""
    items = read_fields(fields) if fields else ()
    now = datetime.now(UTC)  # noqa: TID251 - a command starts its own clock
    with (
        Console(stderr=True).status(file.name),
        TemporaryDirectory(prefix="tiaoxi-") as folder,
    ):
        used = suites.read_rules(rules) if rules else None
        read = taken_in(file, Path(folder), now, items)
        found = checks.judge(read.table, read.rules if used is None else used, now, rows=read.intake.rows_loaded)
    report = describe(read, found)
    click.echo(json.dumps(report, ensure_ascii=False, indent=2, default=str) if as_json else as_text(report))


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
        "seconds": round(found.run.seconds, 3),
    }


def as_text(report: dict[str, Any]) -> str:
    """The report for a person at a terminal."""
    lines = [
        "{rows_read} read / 读取, {rows_loaded} loaded / 载入, {rows_refused} refused / 拒收".format(**report),
        f"score / 得分 {report['score']}  {report['grade']}  {report['verdict']}",
    ]
    for rule in report["rules"]:
        sign = "✓" if rule["success"] else "✗"
        lines.append(f"{sign} {rule['unexpected_count']:>8}/{rule['evaluated']}  {rule['sentence_zh']}")
    return "\n".join(lines)
