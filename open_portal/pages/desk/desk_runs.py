"""Quality runs of a version: what was run when, over how many rows and how long; started again, or cancelled."""

from typing import Any

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from catalog import versions
from catalog.models import Version
from open_portal.language import datetime as instant_text
from open_portal.language import term
from open_portal.pages.desk.desk_frame import address, done, entry_of, name_of, pages, words_of
from open_portal.requests import actor, deed, session
from policies.refusals import Refused
from quality import runs
from quality.models import Run
from tenancy import work

SHOWN = 10


@pages.post("/desk/datasets/<code>/data/<int:number>/runs")
def start_run(code: str, number: int) -> ResponseReturnValue:
    """Run the newest rules over a version's table once more."""
    with deed() as unit:
        entry = entry_of(unit, code)
        runs.request(unit, versions.find(unit.session, entry, number))
        done(_("The check is in the queue."))
    return redirect(url_for("desk.version", code=address(entry.code), number=number))


@pages.post("/desk/datasets/<code>/data/<int:number>/runs/cancel")
def cancel_run(code: str, number: int) -> ResponseReturnValue:
    """Stop the run that waits or is under way."""
    with deed() as unit:
        entry = entry_of(unit, code)
        run = runs.under_way(unit.session, versions.find(unit.session, entry, number))
        if run is None:
            raise Refused("run.over")
        runs.cancel(unit, run)
        done(_("The check was cancelled; no verdict was written."))
    return redirect(url_for("desk.version", code=address(entry.code), number=number))


def runs_of(version: Version) -> dict[str, Any]:
    """The last runs of a version as rows of a table, and what this person may do about them."""
    query = select(Run).where(Run.version_id == version.id).order_by(Run.at.desc(), Run.id.desc()).limit(SHOWN)
    found = list(session().scalars(query))
    may = work.may(actor(), "quality.run", version.entry)
    busy = any(run.state in runs.UNDER_WAY for run in found)
    return {
        "rows": [_row(run) for run in found],
        "may_start": may and version.table_id is not None and not busy,
        "may_cancel": may and busy,
        "busy": busy,
    }


def _row(run: Run) -> list[Any]:
    ended = run.state not in runs.UNDER_WAY
    failed = sum(not row["success"] and row["error"] is None for row in run.results)
    engine = f"{run.engine} · {run.engine_version}" if run.engine_version else ""
    return [
        instant_text(run.at),
        {"text": term(run.state), "note": words_of(run.problem)},
        run.suite.number,
        run.rows if ended and run.results else None,
        failed if run.results else None,
        round(run.seconds, 2) if run.results else None,
        round(run.peak_memory_mb) if run.peak_memory_mb else None,
        engine,
        name_of(run.requested_by) if run.requested_by else "",
    ]
