"""Release: publishing an entry to the open domain, asked for by its owner and decided by the authority."""

from sqlalchemy.orm import Session

from catalog import assessments, changes, versions
from catalog.models import Entry
from catalog.reading import LIVE
from policies import rulebook
from policies import vocabulary as v
from policies.approval import Moved
from policies.refusals import Refusal, Refused
from tenancy import cases
from tenancy.records import Case
from tenancy.work import Work

ON_ITS_WAY = (v.EntryState.PUBLISH_REVIEW, *LIVE)
ASKABLE = (v.OpenState.NOT_OPEN, v.OpenState.OPEN_REJECTED, v.OpenState.CLOSED)


def request(work: Work, entry: Entry) -> Case:
    """Ask the authority to publish an entry to the open domain; may be asked while the entry itself is under review."""
    work.demand("release.request", entry)
    if entry.open_type is v.OpenType.OPEN_FORBIDDEN:
        raise Refused("release.forbidden", code=entry.code)
    if entry.open_state not in ASKABLE:
        raise Refused("release.wrong-state", state=entry.open_state.value)
    if entry.state not in ON_ITS_WAY:
        raise Refused("entry.wrong-state", state=entry.state)
    entry.open_state = v.OpenState.OPEN_REVIEW
    case = cases.begin(work, "RELEASE", entry, title=entry.title, tenant=entry.tenant)
    work.record("release.requested", entry, code=entry.code, case=case.number)
    changes.note(work, entry, "release.requested")
    return case


def decide(work: Work, entry: Entry, move: str, *, comment: str = "", basis: str = "") -> Moved:
    """Decide on a release; approval is refused while a condition of opening is not met."""
    work.demand("release.request" if move == "recall" else "release.review", entry)
    case = cases.of_subject(work.session, entry, "RELEASE")
    if case is None or case.ended_at:
        raise Refused("entry.no-review", code=entry.code)
    if move == "approve":
        for hindrance in hindrances(work.session, entry):
            raise hindrance
    moved = cases.move(work, case, move, comment=comment, basis=basis)
    if move == "approve":
        entry.open_state = v.OpenState.OPEN
    else:
        entry.open_state = v.OpenState.OPEN_REJECTED if move == "reject" else v.OpenState.NOT_OPEN
    work.record("release.decided", entry, code=entry.code, move=move, case=case.number)
    changes.note(work, entry, f"release.{move}")
    return moved


def hindrances(session: Session, entry: Entry) -> list[Refusal]:
    """What still stands against opening (domain rule §6.2): unpublished, no live rows, a score below the bar,
    a risk of disclosure that nobody has assessed or signed for."""
    found: list[Refusal] = []
    if entry.state not in LIVE:
        found.append(Refused("release.not-published", code=entry.code))
    version = versions.live(session, entry)
    if version is None or not version.rows_loaded or version.verdict is not v.Verdict.PASS:
        found.append(Refused("release.no-data", code=entry.code))
    elif version.score is not None and version.score < _bar(entry):
        found.append(Refused("release.below-bar", score=f"{version.score:.2f}"))
    newest = version or versions.newest_passing(session, entry)
    return [*found, *(assessments.hindrances(newest) if newest else ())]


def _bar(entry: Entry) -> float:
    """The least total for data that are opened and shared as this entry's."""
    return float(rulebook.in_force().quality.terms(entry.open_tier.value, entry.share_type.value).bar)
