"""The risk of disclosure in the gate: unassessed or risky data are opened only with a reviewer's signature."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import pytest
import sharing_stage as stage
from sqlalchemy import select

from catalog import assessments, datasets, disclosures, versions
from catalog.blobs import Blob
from catalog.models import Entry, Version
from policies import vocabulary as v
from policies.disclosure import Facts
from policies.refusals import Forbidden, Invalid, Refused
from sharing import release
from tenancy import work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.records import AuditLine, Notice

COLUMNS = ["性别", "出生年份", "备注"]
RISKY = asdict(
    Facts(100, {"性别": "sex", "出生年份": "birth"}, ("性别", "出生年份"), persons=True, sizes=((1, 40), (20, 3)))
)
SAFE = asdict(Facts(100, RISKY["roles"], RISKY["quasi"], persons=True, sizes=((20, 5),)))
PHONE = {
    "column": "备注",
    "kind": "MOBILE",
    "hits": 3,
    "checked": 100,
    "exact": True,
    "named": False,
    "confidence": "LIKELY",
}


def deliver(db: Database, cast: Any, now: datetime, entry_id: str, facts: Any, found: Any = ()) -> str:
    """A version that passes its checks with these findings; gives its id."""
    with work.begin(db, cast.steward, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        version_id = versions.receive(deed, entry, Blob("0" * 64, 5), "人口.csv").id
    with work.begin(db, SYSTEM, now) as deed:
        version = deed.session.get_one(Version, version_id)
        columns = [{"name": name, "type": "text", "why": ""} for name in COLUMNS]
        version.columns = columns
        if facts is not None:
            assessments.keep(deed, version, list(found), facts)
        loaded = versions.Loaded(Blob("1" * 64, 9), None, 100, 100, 0, columns, "utf-8", {})
        versions.settle(deed, version, loaded, versions.Judged(v.Verdict.PASS, [], 97.0, v.Grade.A, {}, 3, 0))
    return version_id


def asked(db: Database, cast: Any, now: datetime, facts: Any, found: Any = ()) -> tuple[str, str]:
    """An entry open to all with data, published, its opening asked for; gives the ids of entry and version."""
    with work.begin(db, cast.steward, now) as deed:
        tenant = deed.session.merge(cast.department)
        entry = datasets.register(deed, tenant, stage.described("人口明细", v.OpenTier.T0))
        datasets.set_items(deed, entry, stage.items(v.OpenTier.T0, COLUMNS))
        entry_id = entry.id
    version_id = deliver(db, cast, now, entry_id, facts, found)
    with work.begin(db, cast.steward, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        datasets.submit(deed, entry)
        release.request(deed, entry)
    with work.begin(db, cast.officer, now) as deed:
        datasets.review(deed, deed.session.get_one(Entry, entry_id), "approve")
    return entry_id, version_id


def approve(db: Database, who: Actor, entry_id: str, now: datetime) -> None:
    """Decide for the opening."""
    with work.begin(db, who, now) as deed:
        release.decide(deed, deed.session.get_one(Entry, entry_id), "approve")


def sign(db: Database, who: Actor, version_id: str, now: datetime, reason: str = "已核对，风险可控") -> None:
    """Sign for the risk."""
    with work.begin(db, who, now) as deed:
        disclosures.sign(deed, deed.session.get_one(Version, version_id), reason)


def settle(db: Database, who: Actor, version_id: str, answer: str, now: datetime, reason: str = "值班电话") -> None:
    """Answer the one finding."""
    with work.begin(db, who, now) as deed:
        disclosures.settle(deed, deed.session.get_one(Version, version_id), "MOBILE:备注", answer, reason)


def code_of(db: Database, who: Actor, entry_id: str, now: datetime) -> str:
    """Why an approval is refused."""
    with pytest.raises(Refused) as refusal:
        approve(db, who, entry_id, now)
    return refusal.value.code


@pytest.mark.parametrize("facts", [None, RISKY])
def test_a_signature_opens_what_is_unassessed_or_risky(db: Database, cast: Any, now: datetime, facts: Any) -> None:
    entry_id, version_id = asked(db, cast, now, facts)
    expected = "release.disclosure" if facts else "release.not-assessed"
    assert code_of(db, cast.officer, entry_id, now) == expected
    for who in (cast.steward, cast.reviewer, cast.stranger, cast.stranger_reviewer, cast.leader, cast.public):
        with pytest.raises(Forbidden):
            sign(db, who, version_id, now)
    with pytest.raises(Invalid):
        sign(db, cast.officer, version_id, now, reason=" ")
    sign(db, cast.officer, version_id, now)
    approve(db, cast.officer, entry_id, now)
    with db.read() as session:
        assert session.get_one(Entry, entry_id).open_state is v.OpenState.OPEN
        line = session.scalars(select(AuditLine).where(AuditLine.what == "version.disclosure-signed")).one()
        assert line.details["reason"] == "已核对，风险可控"
    with pytest.raises(Refused):
        sign(db, cast.officer, version_id, now)


def test_safe_data_need_no_signature(db: Database, cast: Any, now: datetime) -> None:
    entry_id, version_id = asked(db, cast, now, SAFE)
    with pytest.raises(Refused):
        sign(db, cast.officer, version_id, now)
    approve(db, cast.officer, entry_id, now)


def test_a_new_assessment_voids_the_signature(db: Database, cast: Any, now: datetime) -> None:
    entry_id, version_id = asked(db, cast, now, RISKY)
    sign(db, cast.officer, version_id, now)
    with work.begin(db, SYSTEM, now) as deed:
        assessments.keep(deed, deed.session.get_one(Version, version_id), [], RISKY)
    assert code_of(db, cast.officer, entry_id, now) == "release.disclosure"


def test_a_finding_is_settled_by_the_own_steward(db: Database, cast: Any, now: datetime) -> None:
    entry_id, version_id = asked(db, cast, now, SAFE, [PHONE])
    assert code_of(db, cast.officer, entry_id, now) == "release.disclosure"
    for who in (cast.stranger, cast.stranger_reviewer, cast.officer, cast.public):
        with pytest.raises(Forbidden):
            settle(db, who, version_id, "dismissed", now)
    with pytest.raises(Invalid):
        settle(db, cast.steward, version_id, "dismissed", now, reason="")
    settle(db, cast.steward, version_id, "confirmed", now)
    assert code_of(db, cast.officer, entry_id, now) == "release.disclosure"
    settle(db, cast.steward, version_id, "dismissed", now)
    approve(db, cast.officer, entry_id, now)
    later = deliver(db, cast, now, entry_id, SAFE, [PHONE])
    surer = deliver(db, cast, now, entry_id, SAFE, [{**PHONE, "confidence": "CERTAIN"}])
    with db.read() as session:
        (kept,) = assessments.findings(session.get_one(Version, later))
        assert (kept.answer["answer"], kept.answer["carried"]) == ("dismissed", True)
        assert not assessments.findings(session.get_one(Version, surer))[0].answer


def test_a_graver_version_is_held_from_the_public_until_signed(db: Database, cast: Any, now: datetime) -> None:
    entry_id, first = asked(db, cast, now, SAFE)
    approve(db, cast.officer, entry_id, now)
    second = deliver(db, cast, now, entry_id, RISKY)
    with db.read() as session:
        assert session.get_one(Entry, entry_id).live_version_id == first
        assert session.get_one(Version, second).state is v.VersionState.PASSED
        told = {one.person_id for one in session.scalars(select(Notice).where(Notice.kind == "version.held"))}
        assert told == {cast.steward.id, cast.security_admin.id}
    sign(db, cast.officer, second, now)
    with db.read() as session:
        assert session.get_one(Entry, entry_id).live_version_id == second
        assert session.get_one(Version, first).state is v.VersionState.SUPERSEDED


def test_chosen_columns_are_counted_again(db: Database, cast: Any, now: datetime) -> None:
    _entry_id, version_id = asked(db, cast, now, SAFE)
    for who, names, wanted in ((cast.steward, ["无此列"], Invalid), (cast.stranger, ["性别"], Forbidden)):
        with pytest.raises(wanted), work.begin(db, who, now) as deed:
            disclosures.choose(deed, deed.session.get_one(Version, version_id), names)
    with work.begin(db, cast.steward, now) as deed:
        disclosures.choose(deed, deed.session.get_one(Version, version_id), ["性别"])
    with db.read() as session:
        assert session.get_one(Version, version_id).entry.quasi_identifiers == ["性别"]
