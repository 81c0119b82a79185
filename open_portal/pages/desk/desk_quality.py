"""A steward's own pages: how good the unit's datasets are and what costs most points; metadata to be mended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import get_template_attribute, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from catalog import datasets, metadata_facts, reading
from catalog.metadata_facts import Described
from catalog.models import Entry, Item
from open_portal.language import date, number
from open_portal.language import term as word
from open_portal.pages import metadata_words
from open_portal.pages import scorecard_words as words
from open_portal.pages.desk.desk_datasets import inside
from open_portal.pages.desk.desk_frame import address, pages
from open_portal.pages.record import record_quality
from open_portal.requests import actor, now, session
from policies import mqa, rulebook
from policies import vocabulary as v
from policies.scorecard_figures import Figure, figures
from quality.models import Run
from quality.scoring import department_figures, scorecards, scores
from quality.scoring.department_figures import Dataset

COSTLIEST = 30
PER_PAGE = 50
KEPT = (v.EntryState.WITHDRAWN, v.EntryState.DELETED)


@dataclass(frozen=True)
class Overview:
    """The published datasets of the units in which somebody works, and every rule that costs points in them."""

    mine: Sequence[Dataset]
    costs: Sequence[Mapping[str, Any]]

    def worst(self) -> dict[str, Mapping[str, Any]]:
        """The rule that costs most by dataset."""
        found: dict[str, Mapping[str, Any]] = {}
        for line in self.costs:
            found.setdefault(line["dataset"].entry_id, line)
        return found

    def by_score(self) -> list[Dataset]:
        """The datasets, the lowest score first and those without one last."""
        return sorted(self.mine, key=lambda x: (x.facts.score is None, x.facts.score or Decimal(0), x.code))


def overview() -> Overview:
    """What the actor's units have published, as it stands now."""
    own = {one.id: one for one in session().scalars(select(Entry).where(inside()))}
    mine = [one for one in department_figures.datasets(session(), now()) if one.entry_id in own]
    runs = scores.last_runs(session(), [one.version_id for one in mine if one.version_id])
    return Overview(mine, _costs(mine, own, runs))


@pages.get("/desk/quality")
def quality() -> str:
    """One's own datasets with their scores, the rules that cost most, updates due, and the frozen months."""
    seen = overview()
    found = figures([one.facts for one in seen.mine])
    issues = department_figures.issues(session(), list(actor().staff_of), now())
    return render_template(
        "desk/quality.html",
        rows=_rows(seen),
        costs=seen.costs[:COSTLIEST],
        stats=_stats(found, seen.mine, sum(one.open for one in issues.values()) if issues else None),
        due=[one for one in seen.mine if one.late],
        months=months(),
        rules=rulebook.in_force(),
        words=words,
        address=address,
    )


def _costs(mine: Sequence[Dataset], own: Mapping[str, Entry], runs: Mapping[str, Run]) -> list[dict[str, Any]]:
    """Every rule that costs points in any of the datasets, the costliest first."""
    found: list[dict[str, Any]] = []
    for one in mine:
        run = runs.get(one.version_id or "")
        if run is None:
            continue
        entry = own[one.entry_id]
        access = reading.access(session(), entry, actor(), now())
        lines = record_quality.lines(entry, scores.outcomes(run), access)
        found += [{**line, "dataset": one} for line in lines if line["gain"]]
    return sorted(found, key=lambda line: (-line["gain"], line["dataset"].code, line["rule_id"]))


def _rows(seen: Overview) -> list[list[Any]]:
    courses = scores.trends(session(), [one.entry_id for one in seen.mine], now())
    draw = get_template_attribute("macros/charts.html", "sparkline")
    worst = seen.worst()
    rows = []
    for one in seen.by_score():
        course, costly = courses.get(one.entry_id, []), worst.get(one.entry_id)
        text = _("Score by version: %(scores)s", scores=" → ".join(number(score) for score in course))
        rows.append(
            [
                {"text": one.title, "href": url_for("desk.dataset", code=address(one.code)), "note": one.code},
                words.heat(float(one.facts.score)) if one.facts.score is not None else None,
                draw(course, text, 84, 28) if len(course) > 1 else None,
                {"text": f"+{number(costly['gain'])}", "note": costly["sentence"]} if costly else None,
                f"{one.facts.updates.made} / {one.facts.updates.due}" if one.facts.updates.due else None,
                {"text": _("late"), "tone": "bad"} if one.late else {"text": _("on time"), "tone": "good"},
            ]
        )
    return rows


def _stats(found: Mapping[str, Figure], mine: Sequence[Dataset], issues: int | None) -> list[dict[str, Any]]:
    def stat(code: str) -> dict[str, Any]:
        return {"label": words.name(code), "value": words.value(found[code]) or "–", "note": words.sides(found[code])}

    return [
        {"label": _("Datasets"), "value": number(len(mine))},
        stat("quality"),
        stat("pass_rate"),
        stat("punctuality"),
        {"label": _("Late"), "value": number(sum(one.late for one in mine))},
        {"label": _("Open issues"), "value": "–" if issues is None else number(issues)},
    ]


def months() -> list[dict[str, Any]]:
    """The frozen lines of the units in which the actor works, the newest first."""
    found = scorecards.lines_of(session(), sorted(actor().staff_of))
    lines = sorted((line for mine in found.values() for line in mine), key=lambda x: x.scorecard.month, reverse=True)
    return [
        {
            "line": line,
            "month": line.scorecard.month,
            "figures": scorecards.figures_of(line),
            "card": scorecards.card_of(line),
            "until": date(line.scorecard.appeals_until),
        }
        for line in lines
    ]


@pages.get("/desk/metadata")
def metadata() -> str:
    """What is missing in the descriptions of one's own entries, by the points that mending it would bring."""
    every = described()
    found = lacks(every)
    page = max(request.args.get("page", 1, type=int), 1)
    count = max(1, -(-len(found) // PER_PAGE))
    page = min(page, count)
    return render_template(
        "desk/metadata.html",
        lacks=found[(page - 1) * PER_PAGE : page * PER_PAGE],
        count=len(found),
        entries=len(every),
        whole=mqa.assess([one.facts for one in every]),
        page=page,
        pages=count,
        full=mqa.FULL,
    )


def described() -> list[Described]:
    """What the descriptions of one's own entries meet."""
    return metadata_facts.collect(session(), inside(), Entry.state.not_in(KEPT))


def lacks(every: Sequence[Described]) -> list[dict[str, Any]]:
    """What is missing in descriptions, by the points that mending it would bring."""
    found: list[dict[str, Any]] = [
        {
            "points": metric.weight,
            "metric": word(metric),
            "title": one.title,
            "code": one.code,
            "advice": metadata_words.advice(metric),
            "href": metadata_words.place(metric, one.code, one.state),
        }
        for one in every
        for metric in mqa.missing(one.facts)
    ]
    return sorted([*found, *_undescribed()], key=lambda one: (-one["points"], one["code"]))


def _undescribed() -> list[dict[str, Any]]:
    """Drafts with items that say nothing of themselves: no points of the assessment, but readers need it most. The
    items of a published entry are not changed on the desk, so they are not asked for."""
    query = (
        select(Entry.code, Entry.title, Entry.state, func.count())
        .join(Item, Item.entry_id == Entry.id)
        .where(inside(), Entry.state.in_(datasets.EDITABLE), Item.meaning == "")
        .group_by(Entry.id, Entry.code, Entry.title, Entry.state)
    )
    why = _("Without its meaning a column is a guess; most questions from readers are about columns.")
    return [
        {
            "points": 0,
            "metric": ngettext("Meaning of %(num)d item", "Meaning of %(num)d items", count),
            "title": title,
            "code": code,
            "advice": metadata_words.Advice(why, _("Say in a few words what each item holds and in which unit.")),
            "href": metadata_words.field_address("items", "", code=code, state=state),
        }
        for code, title, state, count in session().execute(query)
    ]
