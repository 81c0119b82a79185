"""A stage for tests of sharing: published entries, and applications moved as far as a test needs them."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import event, select

from catalog import assessments, datasets, reading, versions
from catalog.blobs import Blob
from catalog.models import Entry, Version
from policies import vocabulary as v
from policies.approval import Moved
from sharing import release
from sharing.access import agreements, applications, grants
from sharing.access.models import Application, Grant
from tenancy import work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.models import Tenant

ITEMS = ("站点", "日期", "客流")
FIRST, LAST = date(2026, 11, 23), date(2027, 3, 1)
ANSWERS = {
    "contact_name": "李明",
    "contact_phone": "0572-2398765",
    "contact_email": "liming@example.com",
    "purpose": "客流预测",
    "scene": "交通出行",
    "target_system": "公交调度辅助系统",
    "location": "湖州市",
    "security_measures": "专机专用，加密存储",
    "expected_effect": "缩短候车时间",
    "undertaking": "yes",
}


def described(title: str, tier: v.OpenTier = v.OpenTier.T2, **values: Any) -> datasets.Description:
    """A complete description, of restricted data unless another tier is wanted."""
    restricted = {
        "open_type": v.OpenType.OPEN_RESTRICTED,
        "open_tier": tier,
        "open_condition": "经申请审核",
        "open_reason": v.ReasonKind.LAW,
        "open_basis": "《浙江省公共数据条例》",
        "licence": v.Licence.AGREEMENT,
    }
    free = {"open_type": v.OpenType.OPEN_UNCOND, "open_tier": v.OpenTier.T0, "licence": v.Licence.CC_BY}
    closed = {"open_type": v.OpenType.OPEN_FORBIDDEN, "open_reason": v.ReasonKind.LAW, "open_basis": "《保密法》"}
    opening = {v.OpenTier.T0: free, v.OpenTier.TX: closed}.get(tier, restricted)
    return datasets.Description(
        **{
            "title": title,
            "abstract": "公交刷卡客流",
            "themes": ("6",),
            "object_flags": 2,
            "contact_office": "信息中心",
            "contact_phone": "0572-2398765",
            **opening,
            **values,
        }
    )


def items(tier: v.OpenTier = v.OpenTier.T2, names: Iterable[str] = ITEMS) -> list[datasets.ItemDescription]:
    """Data items that go as far as their entry."""
    kinds = {v.OpenTier.T0: v.OpenType.OPEN_UNCOND, v.OpenTier.TX: v.OpenType.OPEN_FORBIDDEN}
    return [
        datasets.ItemDescription(name=name, open_type=kinds.get(tier, v.OpenType.OPEN_RESTRICTED)) for name in names
    ]


def registered(
    db: Database, cast: Any, now: datetime, title: str = "公交客流", tier: v.OpenTier = v.OpenTier.T2, **values: Any
) -> str:
    """A complete draft of the department; gives its id."""
    with work.begin(db, cast.steward, now) as deed:
        tenant = deed.session.get_one(Tenant, cast.department.id)
        entry = datasets.register(deed, tenant, described(title, tier, **values))
        datasets.set_items(deed, entry, items(tier))
        return entry.id


def deliver(db: Database, cast: Any, now: datetime, entry_id: str, score: float = 97.0, passes: bool = True) -> None:
    """Upload data for an entry and judge them."""
    with work.begin(db, cast.steward, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        version_id = versions.receive(deed, entry, Blob("0" * 64, 5), "客流.csv").id
    with work.begin(db, SYSTEM, now) as deed:
        version = deed.session.get_one(Version, version_id)
        loaded = versions.Loaded(Blob("1" * 64, 9), None, 3, 3, 0, [], "utf-8", {})
        verdict, grade = (v.Verdict.PASS, v.Grade.A) if passes else (v.Verdict.FAIL, v.Grade.E)
        assessments.keep(deed, version, [], {"rows": 3})
        versions.settle(deed, version, loaded, versions.Judged(verdict, [], score, grade, {}, 3, 0))


def published(
    db: Database, cast: Any, now: datetime, title: str = "公交客流", tier: v.OpenTier = v.OpenTier.T2, **values: Any
) -> str:
    """An entry of the department with data, published and, unless that is forbidden, opened; gives its id."""
    entry_id = registered(db, cast, now, title, tier, **values)
    deliver(db, cast, now, entry_id)
    opens = tier is not v.OpenTier.TX
    with work.begin(db, cast.steward, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        datasets.submit(deed, entry)
        if opens:
            release.request(deed, entry)
    with work.begin(db, cast.officer, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        datasets.review(deed, entry, "approve")
        if opens:
            release.decide(deed, entry, "approve")
    return entry_id


def begun(db: Database, cast: Any, now: datetime, entry_id: str, form: str = "t", **values: Any) -> str:
    """An application of the company, complete but not handed in; gives its number."""
    with work.begin(db, cast.requester, now) as deed:
        return filled(deed, cast, entry_id, form, **values).number


def filled(deed: work.Work, cast: Any, entry_id: str, form: str, **values: Any) -> Application:
    """An application begun and answered in a transaction."""
    entry = reading.find(deed.session, entry_id, cast.requester, deed.now)
    company = deed.session.get_one(Tenant, cast.company.id)
    found = applications.start(deed, entry, form, tenant=company, kind=v.ApplicantKind.LEGAL)
    values = {"items": list(ITEMS[:2]), "valid_from": FIRST, "valid_to": LAST, **values}
    applications.answer(deed, found, answers=ANSWERS, **values)
    return found


def submitted(db: Database, cast: Any, now: datetime, entry_id: str, form: str = "t", **values: Any) -> str:
    """An application handed in; gives its number."""
    with work.begin(db, cast.requester, now) as deed:
        return applications.submit(deed, filled(deed, cast, entry_id, form, **values)).number


def of(deed: work.Work, number: str) -> Application:
    """An application in a transaction, whoever may see it."""
    return deed.session.scalars(select(Application).where(Application.number == number)).one()


def decide(db: Database, who: Actor, number: str, move: str, now: datetime, **words: Any) -> Moved:
    """Decide on an application."""
    with work.begin(db, who, now) as deed:
        return applications.decide(deed, of(deed, number), move, **words)


def approved(db: Database, cast: Any, now: datetime, entry_id: str, form: str = "t", **values: Any) -> str:
    """An application that waits for the signature; gives its number."""
    number = submitted(db, cast, now, entry_id, form, **values)
    for who in (cast.officer, cast.reviewer, cast.second_officer):
        decide(db, who, number, "approve", now)
    return number


def accepted(db: Database, cast: Any, now: datetime, number: str) -> str:
    """Sign the agreement as it is shown; gives the key."""
    with work.begin(db, cast.requester, now) as deed:
        application = of(deed, number)
        shown = agreements.hash_of(agreements.text_of(application, "zh"))
        return applications.accept(deed, application, signatory="李明", text_hash=shown, language="zh")


def granted(db: Database, cast: Any, now: datetime, **values: Any) -> tuple[str, str, str]:
    """Restricted data granted to the company; gives entry id, application number and key."""
    entry_id = published(db, cast, now)
    number = approved(db, cast, now, entry_id, **values)
    return entry_id, number, accepted(db, cast, now, number)


def grant_in(deed: work.Work, number: str) -> Grant:
    """The grant of an application in a transaction."""
    found = grants.of_application(deed.session, of(deed, number))
    assert found is not None
    return found


def patient(db: Database) -> None:
    """Let writers of SQLite wait as long as it takes: how long they wait is not what is tested here."""
    if db.is_sqlite:
        event.listen(db.engine, "connect", lambda raw, _record: raw.execute("PRAGMA busy_timeout=120000"))


def started(db: Database, who: Actor, now: datetime, entry_id: str) -> str:
    """A draft of somebody who acts for no body; gives its number."""
    with work.begin(db, who, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        return applications.start(deed, entry, "own", tenant=None, kind=v.ApplicantKind.NATURAL).number
