"""Cleaning of a dataset as its desk lists it, for programs: the steps, what is proposed, previews and runs."""

from collections.abc import Sequence
from typing import Any

from apiflask import Schema, fields

from catalog.models import Entry
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_desk import own
from open_portal.pages.api.api_tables import Answer, listed
from open_portal.pages.desk import desk_cleaning
from open_portal.pages.desk.desk_frame import language, words_of
from open_portal.pages.desk.desk_suites import titles_of
from open_portal.requests import session
from quality.cleaning import cleaning, cleanings
from quality.cleaning.cleaning import Step
from quality.cleaning.cleaning_models import CleaningRun

N_ = schemas.N_


class CleaningStep(Schema):
    """A step of the plan by which data are cleaned."""

    place = fields.Integer(required=True)
    kind = fields.String(required=True)
    column = fields.String(required=True)
    sentence = fields.String(required=True)
    changed = fields.Integer(
        required=True, allow_none=True, metadata=schemas.told(N_("Cells that the last preview of this plan changed"))
    )
    rows_before = fields.Integer(required=True, allow_none=True)
    rows_after = fields.Integer(required=True, allow_none=True)


class ProposedStep(Schema):
    """A step that the data suggest."""

    sentence = fields.String(required=True)
    rows = fields.Integer(required=True)
    exact = fields.Boolean(required=True)


class Cleaning(Schema):
    """A preview or a run."""

    id = fields.String(required=True)
    preview = fields.Boolean(required=True)
    state = fields.Nested(schemas.Named, required=True)
    problem = fields.String(required=True)
    plan = fields.Integer(required=True)
    cleaned_from = fields.Integer(required=True)
    new_version = fields.Integer(required=True, allow_none=True)
    changed = fields.Integer(required=True, allow_none=True)
    score_before = fields.Float(required=True, allow_none=True)
    score_after = fields.Float(required=True, allow_none=True)
    requested_at = fields.DateTime(required=True)
    done_at = fields.DateTime(required=True, allow_none=True)


@listed(
    "desk/datasets/<code>/cleaning/steps",
    N_("Steps by which a dataset is cleaned"),
    "CleaningSteps",
    CleaningStep,
    ("place", "kind", "column", "changed"),
)
def desk_cleaning_steps(code: str, asked: dict[str, Any]) -> Answer:
    """The steps of the newest plan, with the counts of its preview where it is of the present plan and data."""
    entry = own(code)
    steps, titles = cleanings.steps_of(cleanings.latest(session(), entry)), titles_of(entry)
    counts = _counts(entry, steps)
    rows = [
        {
            "place": at,
            "kind": step.kind,
            "column": step.column,
            "sentence": cleaning.sentence(step, language(), titles),
            **{name: count.get(name) for name in ("changed", "rows_before", "rows_after")},
        }
        for at, (step, count) in enumerate(zip(steps, counts, strict=True), 1)
    ]
    return api_tables.answer("steps", CleaningStep, rows, asked)


@listed(
    "desk/datasets/<code>/cleaning/proposals",
    N_("Steps that the data suggest"),
    "ProposedSteps",
    ProposedStep,
    ("rows",),
)
def desk_cleaning_proposals(code: str, asked: dict[str, Any]) -> Answer:
    """Steps proposed from the profile of the newest data, without those that are in the plan."""
    entry = own(code)
    steps = cleanings.steps_of(cleanings.latest(session(), entry))
    known = cleanings.newest_table(session(), entry)
    rows = desk_cleaning.proposals(entry, steps, titles_of(entry)) if known else []
    return api_tables.answer("proposals", ProposedStep, rows, asked)


@listed(
    "desk/datasets/<code>/cleaning/runs",
    N_("Previews and runs of cleaning"),
    "Cleanings",
    Cleaning,
    ("requested_at", "state", "changed"),
)
def desk_cleaning_runs(code: str, asked: dict[str, Any]) -> Answer:
    """Every preview and run, the newest first; never a changed value."""
    rows = [_run(one) for one in cleanings.runs_of(session(), own(code))]
    return api_tables.answer("runs", Cleaning, rows, asked)


def _counts(entry: Entry, steps: Sequence[Step]) -> list[dict[str, Any]]:
    found = desk_cleaning.fresh_preview(entry)
    told = (found.outcome or {}).get("steps", []) if found else []
    return list(told) if len(told) == len(steps) else [{} for _step in steps]


def _run(one: CleaningRun) -> dict[str, Any]:
    return {
        "id": one.id,
        "preview": one.is_preview,
        "state": named(one.state),
        "problem": words_of(one.problem),
        "plan": one.plan.number,
        "cleaned_from": one.source.number,
        "new_version": one.version.number if one.version else None,
        "changed": one.changed,
        "score_before": one.source.score,
        "score_after": one.version.score if one.version else None,
        "requested_at": one.requested_at,
        "done_at": one.done_at,
    }
