"""Data Docs: the pages that Great Expectations itself makes of a run, as one archive for an expert.

The pages are built by the library's own site builder from what a run has kept, so they hold the very counts that the
platform shows. What they would load from elsewhere is taken out, and with it every script: they open on a machine
without a network, and nothing in them runs. Heavy to import: only the worker does.
"""

import datetime as dt
import html
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from catalog.blobs import Blob, BlobStore
from quality.engines import engine_gx as gx
from quality.engines import engine_suites
from quality.engines.engine_suites import Table
from quality.engines.engine_tables import Column
from quality.rules.rules import NotApplicableError, Rule, RuleError
from quality.scoring.docs import Plan

LIMIT = 64 << 20
SORTS = {"decimal": "number"}
OUTSIDE = re.compile(
    r"<link\b[^>]*\bhref\s*=\s*[\"']?(?:https?:)?//[^>]*>|<(?:img|iframe)\b[^>]*(?:https?:)?//[^>]*>", re.I
)
SCRIPT = re.compile(r"<script\b.*?</script\s*>|<script\b[^>]*/>", re.I | re.S)
HANDLER = re.compile(r"\son[a-z]+\s*=\s*(?:\"[^\"]*\"|'[^']*')", re.I)
FORM = re.compile(r"<form\b.*?</form\s*>", re.I | re.S)
# Whatever a value of the data may hold: a browser fetches nothing for these pages and runs nothing in them.
POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    'img-src data:">'
)
STYLE = (
    "<style>body{font:15px/1.5 sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}table{border-collapse:"
    "collapse}td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}.badge{background:"
    "#eef;padding:0 .4em}nav ol{padding-left:1rem}svg,.fa,.fas{max-width:1em}</style>"
)


def make(plan: Plan, blobs: BlobStore, scratch: Path) -> Blob:
    """The archive of the pages about a run, kept in the store."""
    with TemporaryDirectory(dir=scratch) as folder:
        site = Path(folder) / "site"
        left_out = build(plan, site)
        archive = Path(folder) / "docs.zip"
        _pack(site, archive, _note(plan, left_out))
        with archive.open("rb") as stream:
            return blobs.put(stream, limit=LIMIT)


def build(plan: Plan, site: Path) -> list[str]:
    """Write the pages into a folder; gives the rules that the library has no expectation for."""
    expected, left_out = _expectations(plan)
    name = plan.code.replace("/", "-")
    with _stored(name, expected, plan) as context:
        builder = gx.SiteBuilder(
            data_context=context,
            store_backend={"class_name": "TupleFilesystemStoreBackend", "base_directory": str(site)},
            site_index_builder={"class_name": "DefaultSiteIndexBuilder"},
            show_how_to_buttons=False,
        )
        builder.build()
    for page in site.rglob("*.html"):
        page.write_text(harmless(page.read_text("utf-8")), "utf-8")
    for extra in [one for one in site.rglob("*") if one.is_file() and one.suffix != ".html"]:
        extra.unlink()
    return left_out


def harmless(page: str) -> str:
    """A page without scripts and without anything that a browser would fetch from elsewhere."""
    for pattern in (SCRIPT, FORM, OUTSIDE, HANDLER):
        page = pattern.sub("", page)
    page = re.sub(r"(?i)\bjavascript:", "", page)
    page = re.sub(r"(?i)<link\b[^>]*rel\s*=\s*[\"']?(?:stylesheet|icon|shortcut icon)[^>]*>", "", page)
    return re.sub(r"(?i)<head\b[^>]*>", lambda head: head[0] + POLICY + STYLE, page, count=1)


def _expectations(plan: Plan) -> tuple[dict[str, gx.Expectation], list[str]]:
    """The expectation of each rule with the columns under their own names, and the rules that give none."""
    columns = {one["name"]: _column(one) for one in plan.columns}
    about = Table(columns, {"today": plan.day, "updated_at": plan.day})
    expected: dict[str, gx.Expectation] = {}
    left_out = []
    for rule in plan.rules:
        try:
            expected[rule.rule_id] = engine_suites.expectation(rule, about)
        except (RuleError, NotApplicableError, ValueError, KeyError):
            left_out.append(rule.rule_id)
    return expected, left_out


def _column(stored: Mapping[str, Any]) -> Column:
    sort = SORTS.get(stored["type"], stored["type"])
    return Column(stored["name"], stored["name"], "", sort)


@contextmanager
def _stored(name: str, expected: Mapping[str, gx.Expectation], plan: Plan) -> Iterator[gx.AbstractDataContext]:
    """A context of the library that knows the suite and the results of the run, and forgets them afterwards."""
    context = gx.quiet_context()
    results = {one["rule_id"]: one for one in plan.results}
    found = [_result(rule, expected[rule.rule_id], results) for rule in plan.rules if rule.rule_id in expected]
    suite = gx.ExpectationSuite(name=name, expectations=list(expected.values()))
    run = gx.RunIdentifier(run_name=f"version-{plan.number}", run_time=plan.at)
    key = gx.ValidationResultIdentifier(gx.ExpectationSuiteIdentifier(name), run, f"version-{plan.number}")
    outcome = gx.ExpectationSuiteValidationResult(
        success=all(one.success for one in found),
        results=found,
        suite_name=name,
        statistics=_statistics(found),
        meta={"run_id": run, "great_expectations_version": gx.VERSION, "active_batch_definition": {}},
    )
    context.suites.add(suite)
    try:
        context.validation_results_store.set(key, outcome)
        try:
            yield context
        finally:
            context.validation_results_store.remove_key(key)  # type: ignore[no-untyped-call]
    finally:
        context.suites.delete(name)


def _result(rule: Rule, expected: gx.Expectation, results: Mapping[str, Mapping[str, Any]]) -> Any:
    row = results[rule.rule_id]
    failed = row.get("error")
    evaluated, missing, bad = row.get("evaluated") or 0, row.get("missing") or 0, row.get("unexpected") or 0
    values = [value for _row, value in row.get("samples") or ()]
    found: dict[str, Any] = {"observed_value": row.get("observed")}
    if not rule.columns:
        found = {"observed_value": row.get("observed")}
    elif row.get("observed") is None:
        found = {
            "element_count": evaluated + missing,
            "missing_count": missing,
            "missing_percent": 100 * missing / (evaluated + missing) if evaluated + missing else 0,
            "unexpected_count": bad,
            "unexpected_percent": 100 * bad / evaluated if evaluated else 0,
            "unexpected_percent_total": 100 * bad / (evaluated + missing) if evaluated + missing else 0,
            "partial_unexpected_list": values,
        }
    raised = {"raised_exception": bool(failed), "exception_message": failed, "exception_traceback": None}
    return gx.ExpectationValidationResult(
        success=bool(row.get("success")) and not failed,
        expectation_config=expected.configuration,
        result=found,
        meta={},
        exception_info=raised,
    )


def _statistics(found: Sequence[Any]) -> dict[str, Any]:
    good = sum(bool(one.success) for one in found)
    return {
        "evaluated_expectations": len(found),
        "successful_expectations": good,
        "unsuccessful_expectations": len(found) - good,
        "success_percent": 100 * good / len(found) if found else None,
    }


def _note(plan: Plan, left_out: Sequence[str]) -> str:
    lines = [
        f"{plan.title} ({plan.code}), version {plan.number}",
        f"run {plan.run_id}, {plan.engine}, {plan.rows} rows, {plan.at.astimezone(dt.UTC).isoformat()}",
        "Pages by Great Expectations from the results of this run; scripts and outside style sheets taken out.",
        "The pages hold values that broke rules: treat them as the data themselves.",
        *(f"not shown, no expectation: {one}" for one in left_out),
    ]
    return "\n".join(html.unescape(one) for one in lines) + "\n"


def _pack(site: Path, archive: Path, note: str) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for page in sorted(site.rglob("*.html")):
            packed.write(page, page.relative_to(site).as_posix())
        packed.writestr("README.txt", note)
