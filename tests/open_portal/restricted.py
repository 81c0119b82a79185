"""A world for the pages of applicants: a kit over the test's database, restricted data with rows, and browsers."""

import hashlib
import io
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from flask import Flask
from flask.testing import FlaskClient

from catalog import assessments, blobs, datasets, reading, versions
from catalog.models import Entry
from catalog.quarantine import Quarantine
from catalog.search_index import Index
from catalog.tables import TableStore
from open_portal import settings
from open_portal.app import create_app
from open_portal.wiring import Kit
from policies import vocabulary as v
from sharing import release
from sharing.access import agreements, applications, grants
from sharing.access.models import Application
from tenancy import actors, work
from tenancy.actors import Actor
from tenancy.database import Database
from tenancy.mail import OutboxFolder
from tenancy.models import UserSession

ROWS = 2_500
AGENT = "test"
ITEMS = ("stop", "day", "riders", "driver_phone")


@dataclass(frozen=True)
class World:
    """The application under test with its kit, the cast and the codes of three entries."""

    app: Flask
    kit: Kit
    cast: Any
    now: datetime
    restricted: str
    open: str
    hidden: str

    def client(self, who: Actor | None = None, language: str = "en") -> FlaskClient:
        """A browser, of somebody signed in or of the public, in a language."""
        client = self.app.test_client()
        client.set_cookie("language", language)
        if who is not None:
            with client.session_transaction() as cookie:
                cookie["_user_id"] = self.secret(who)
        return client

    def secret(self, who: Actor) -> str:
        """The secret of a fresh session of somebody."""
        secret = secrets.token_urlsafe(32)
        with work.begin(self.kit.database, who, self.now) as deed:
            deed.session.add(
                UserSession(
                    id=hashlib.sha256(secret.encode()).hexdigest(),
                    person_id=who.id,
                    created_at=self.now,
                    seen_at=self.now,
                    expires_at=self.now + timedelta(hours=8),
                    idle_minutes=60,
                    agent=AGENT,
                    address="127.0.0.1",
                )
            )
        return secret

    def at(self, now: datetime) -> "World":
        """The same world at another instant."""
        kit = replace(self.kit, clock=lambda: now)
        return replace(self, kit=kit, app=create_app(kit), now=now)


def build(db: Database, cast: Any, now: datetime, folder: Path) -> World:
    """A world over an empty database: restricted data, open data and a draft."""
    kit = make_kit(db, now, folder)
    restricted = publish(kit, cast, now, "公交刷卡客流", v.OpenType.OPEN_RESTRICTED, v.OpenTier.T2)
    opened = publish(kit, cast, now, "公交站点", v.OpenType.OPEN_UNCOND, v.OpenTier.T0)
    with work.begin(db, cast.steward, now) as deed:
        draft = datasets.register(deed, deed.session.merge(cast.department), datasets.Description(title="未发布的草稿"))
        hidden = draft.code
    return World(create_app(kit), kit, cast, now, _slug(restricted), _slug(opened), _slug(hidden))


def make_kit(db: Database, now: datetime, folder: Path) -> Kit:
    """The parts of a process over the test's database, with the clock standing still."""
    for name in ("blobs", "cache", "scratch", "index", "mail"):
        (folder / name).mkdir(exist_ok=True)
    return Kit(
        settings=settings.read({"TIAOXI_HOME": str(folder)}),
        database=db,
        blobs=blobs.open_store((folder / "blobs").as_uri(), cache=folder / "cache"),
        quarantine=Quarantine(folder / "quarantine"),
        index=Index.open(folder / "index"),
        tables=TableStore([folder / "blobs", folder / "cache"], scratch=folder / "scratch" / "tables"),
        post=OutboxFolder(folder / "mail", "tiaoxi@localhost"),
        secret_key="only for tests " * 4,
        scratch=folder / "scratch",
        clock=lambda: now,
    )


def publish(kit: Kit, cast: Any, now: datetime, title: str, kind: v.OpenType, tier: v.OpenTier) -> str:
    """An entry of the department with its table, reviewed and released."""
    limited = kind is v.OpenType.OPEN_RESTRICTED
    description = datasets.Description(
        title=title,
        abstract="按站点和日期汇总",
        themes=("6",),
        object_flags=2,
        contact_office="信息中心",
        contact_phone="0572-12345",
        open_type=kind,
        open_tier=tier,
        open_condition="用于公共交通研究" if limited else "",
        open_reason=v.ReasonKind.LAW if limited else None,
        open_basis="《浙江省公共数据条例》" if limited else "",
        licence=v.Licence.AGREEMENT if limited else next(one for one in v.Licence if one is not v.Licence.AGREEMENT),
    )
    items = [
        datasets.ItemDescription(name="stop", title="站点", meaning="站点名称", open_type=kind),
        datasets.ItemDescription(name="day", title="日期", type=v.ItemType.DATE, open_type=kind),
        datasets.ItemDescription(name="riders", title="人次", type=v.ItemType.INTEGER, unit="人次", open_type=kind),
        datasets.ItemDescription(name="driver_phone", open_type=v.OpenType.OPEN_FORBIDDEN if not limited else kind),
    ]
    table = kit.blobs.put(io.BytesIO(_parquet()), limit=1 << 26)
    with work.begin(kit.database, cast.steward, now) as deed:
        entry = datasets.register(deed, deed.session.merge(cast.department), description)
        datasets.set_items(deed, entry, items)
        version = versions.receive(deed, entry, kit.blobs.put(io.BytesIO(b"original"), limit=100), "a.csv")
        entry_id, version_id, code = entry.id, version.id, entry.code
    with work.begin(kit.database, actors.SYSTEM, now) as deed:
        loaded = versions.Loaded(table, None, ROWS, ROWS, 0, [], "utf-8", {})
        judged = versions.Judged(v.Verdict.PASS, [], 97.5, v.Grade.A, {"completeness": 97.5, "accuracy": None}, 3, 0)
        version = deed.session.get_one(versions.Version, version_id)
        assessments.keep(deed, version, [], {"rows": ROWS})
        versions.settle(deed, version, loaded, judged)
    with work.begin(kit.database, cast.steward, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        datasets.submit(deed, entry)
        release.request(deed, entry)
    with work.begin(kit.database, cast.officer, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        datasets.review(deed, entry, "approve")
        release.decide(deed, entry, "approve")
    return code


def begun(world: World, who: Actor, *, in_name_of_company: bool = False) -> str:
    """A draft with every answer given; its number."""
    cast = world.cast
    with work.begin(world.kit.database, who, world.now) as deed:
        entry = reading.find(deed.session, world.restricted, who, world.now)
        tenant = deed.session.merge(cast.company) if in_name_of_company else None
        kind = v.ApplicantKind.LEGAL if tenant else v.ApplicantKind.NATURAL
        application = applications.start(deed, entry, secrets.token_urlsafe(16), tenant=tenant, kind=kind)
        answers = {name: f"回答 {name}" for name in applications.REQUIRED}
        first = world.now.date()
        term = {"valid_from": first, "valid_to": first + timedelta(90)}
        applications.answer(deed, application, answers=answers, items=["stop", "riders"], **term)
        return application.number


def decided(world: World, number: str, *moves: tuple[Actor, str], words: str = "理由", basis: str = "依据") -> None:
    """Officers' moves on an application, one after the other."""
    for who, move in moves:
        with work.begin(world.kit.database, who, world.now) as deed:
            found = applications.find(deed.session, number, who)
            applications.decide(deed, found, move, comment=words, basis=basis)


def approved(world: World, who: Actor, **how: bool) -> str:
    """An application handed in and approved, with the agreement still to be signed; its number."""
    number = begun(world, who, **how)
    with work.begin(world.kit.database, who, world.now) as deed:
        applications.submit(deed, applications.find(deed.session, number, who))
    cast = world.cast
    decided(world, number, (cast.officer, "approve"), (cast.reviewer, "approve"), (cast.second_officer, "approve"))
    return number


def granted(
    world: World, who: Actor, *, calls: int | None = None, rows: int | None = None, **how: bool
) -> tuple[str, str]:
    """A grant in force for two of the four items; its number and its key."""
    number = approved(world, who, **how)
    with work.begin(world.kit.database, who, world.now) as deed:
        found = applications.find(deed.session, number, who)
        hash_ = agreements.hash_of(agreements.text_of(found, "zh"))
        key = applications.accept(deed, found, signatory="某人", text_hash=hash_, language="zh")
        grant = grants.of_application(deed.session, found)
        assert grant
        grant.calls_per_day, grant.rows_per_day = calls or grant.calls_per_day, rows or grant.rows_per_day
        return grant.number, key


def token_in(page: str, name: str = "csrf_token") -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, f"the page has no field {name}"
    return found[1]


def post(client: FlaskClient, address: str, *, page: str, **fields: Any) -> Any:
    """Send a form from the page that shows it, with its form token."""
    return client.post(address, data={"csrf_token": token_in(client.get(page).text), **fields})


def insist(ask: Callable[[], Any], tries: int = 20) -> Any:
    """Ask again for as long as the answer is that the database is busy, as a reader of that answer would."""
    answer = ask()
    while answer.status_code == 503 and tries:
        answer, tries = ask(), tries - 1
    return answer


def stage(world: World, number: str) -> str:
    """Where an application stands in the database."""
    with world.kit.database.read() as session:
        return session.query(Application).filter_by(number=number).one().stage


def _parquet() -> bytes:
    first = date(2026, 1, 1)
    table = pa.table(
        {
            "stop": [f"站点{one % 7}" for one in range(ROWS)],
            "day": [first + timedelta(one % 200) for one in range(ROWS)],
            "riders": list(range(ROWS)),
            "driver_phone": ["13800000000"] * ROWS,
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _slug(code: str) -> str:
    return code.replace("/", "-")
