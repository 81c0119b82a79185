"""A portal over the cast for tests of the desk: who is signed in, and entries made by deeds."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from flask.testing import FlaskClient

from catalog import assessments, blobs, datasets, versions
from catalog.blobs import Blob
from catalog.models import Entry, Version
from catalog.quarantine import Quarantine
from catalog.search_index import Index
from catalog.tables import TableStore
from open_portal import settings
from open_portal.app import create_app
from open_portal.wiring import Kit
from policies import vocabulary as v
from quality.models import Run
from quality.rules.rules import Rule
from quality.suites import suites
from tenancy import work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.mail import OutboxFolder
from tenancy.models import UserSession
from tenancy.types import new_id

WHOLE = datasets.Description(
    title="公交线路",
    title_en="Bus lines",
    abstract="湖州市公交线路，一行一条线路。",
    themes=("6",),
    tags=("公交", "线路"),
    object_flags=8,
    source_system="公交调度系统",
    open_type=v.OpenType.OPEN_UNCOND,
    open_tier=v.OpenTier.T0,
    licence=v.Licence.PLATFORM,
    contact_office="数据科",
    contact_phone="0572-2000000",
)
RESTRICTED = replace(
    WHOLE,
    title="车辆检测记录",
    open_type=v.OpenType.OPEN_RESTRICTED,
    open_tier=v.OpenTier.T2,
    open_condition="限于科研和公共服务",
    open_reason=v.ReasonKind.LAW,
    open_basis="《浙江省公共数据条例》第三十条",
    licence=v.Licence.AGREEMENT,
)
RULES = (
    Rule("not_null:line", "not_null", ("line",), severity="critical", why_zh="0 个空值", why_en="0 empty"),
    Rule("unique:line", "unique", ("line",), why_zh="3 个值重复", why_en="3 values repeat"),
)


class Stage:
    """The portal, its database and clients signed in as members of the cast."""

    def __init__(self, db: Database, cast: Any, now: datetime, home: Path) -> None:
        chosen = settings.read({"TIAOXI_HOME": str(home), "TIAOXI_MAX_UPLOAD_MB": "2"})
        self.db, self.cast, self.now = db, cast, now
        self.blobs = blobs.open_store((home / "blobs").as_uri(), reserve=0)
        self.kit = Kit(
            settings=chosen,
            database=db,
            blobs=self.blobs,
            quarantine=Quarantine(home / "quarantine", reserve=0),
            index=Index.open(home / "index"),
            tables=TableStore([home / "blobs"], scratch=home / "scratch"),
            post=OutboxFolder(home / "mail", "tiaoxi@localhost"),
            secret_key="for tests",
            scratch=home / "scratch",
            clock=lambda: now,
        )
        self.app = create_app(self.kit)
        self.app.config["WTF_CSRF_ENABLED"] = False

    def client(self, actor: Actor | None = None, language: str = "zh_Hans_CN") -> FlaskClient:
        """A browser, signed in as somebody of the cast."""
        client = self.app.test_client()
        client.set_cookie("language", language)
        if actor:
            secret = new_id()
            with self.db.write() as session:
                session.add(
                    UserSession(
                        id=hashlib.sha256(secret.encode()).hexdigest(),
                        person_id=actor.id,
                        created_at=self.now,
                        seen_at=self.now,
                        expires_at=self.now + timedelta(hours=12),
                        idle_minutes=30,
                        agent="",
                        address="",
                        second_factor=False,
                    )
                )
                session.commit()
            with client.session_transaction() as cookie:
                cookie["_user_id"] = secret
        return client

    def draft(self, description: datasets.Description = WHOLE, *, items: bool = True) -> str:
        """A draft by the steward; its code as in addresses."""
        with work.begin(self.db, self.cast.steward, self.now) as deed:
            entry = datasets.register(deed, deed.session.merge(self.cast.department), description)
            if items:
                open_type = description.open_type
                rows = [
                    datasets.ItemDescription(
                        "line", "线路", "Line", is_primary=True, nullable=False, open_type=open_type
                    ),
                    datasets.ItemDescription("stops", "站点数", "Stops", type=v.ItemType.INTEGER, open_type=open_type),
                ]
                datasets.set_items(deed, entry, rows)
            return entry.code.replace("/", "-")

    def deliver(self, code: str, *, verdict: v.Verdict = v.Verdict.PASS, refusals: bytes = b"") -> int:
        """A version of an entry's data, checked by the platform."""
        with work.begin(self.db, self.cast.steward, self.now) as deed:
            entry = self.entry(code, deed.session)
            blob = self.put(f"line,stops\n1,20\n{new_id()},30\n".encode())
            number, version_id = (one := versions.receive(deed, entry, blob, "lines.csv")).number, one.id
        with work.begin(self.db, SYSTEM, self.now) as deed:
            version = deed.session.get_one(Version, version_id)
            suite = suites.propose(deed, version.entry, RULES)
            deed.session.add(_run(version, suite.id, self.now))
            refused = self.put(refusals) if refusals else None
            loaded = versions.Loaded(self._table(), refused, 3, 2, 1, [], "utf-8", {"columns": []})
            reasons = [] if verdict is v.Verdict.PASS else [{"code": "x", "zh": "得分不足", "en": "Too low a score"}]
            judged = versions.Judged(verdict, reasons, 97.5, v.Grade.A, {"accuracy": 97.5}, 2, 1)
            assessments.keep(deed, version, [], {"rows": 2})
            versions.settle(deed, version, loaded, judged)
        return number

    def _table(self) -> Blob:
        path = Path(self.kit.settings.home) / f"{new_id()}.parquet"
        pq.write_table(pa.table({"line": ["1", "2"], "stops": [20, 30]}), path)
        with path.open("rb") as file:
            return self.blobs.put(file, limit=1 << 20)

    def put(self, content: bytes) -> Blob:
        """Bytes in the store."""
        path = Path(self.kit.settings.home) / "piece"
        path.write_bytes(content)
        with path.open("rb") as file:
            return self.blobs.put(file, limit=1 << 20)

    def published(self, description: datasets.Description = WHOLE) -> str:
        """An entry with live data, published in the sharing domain."""
        code = self.draft(description)
        self.deliver(code)
        with work.begin(self.db, self.cast.steward, self.now) as deed:
            datasets.submit(deed, self.entry(code, deed.session))
        with work.begin(self.db, self.cast.officer, self.now) as deed:
            datasets.review(deed, self.entry(code, deed.session), "approve")
        return code

    def entry(self, code: str, session: Any) -> Entry:
        """The entry of a code."""
        found: Entry = session.query(Entry).filter(Entry.code == code.replace("-", "/")).one()
        return found

    def read(self, code: str) -> Entry:
        """The entry as it stands, for looking at."""
        with self.db.read() as session:
            return self.entry(code, session)


def _run(version: Version, suite_id: str, now: datetime) -> Run:
    rows = [
        {"rule_id": "not_null:line", "evaluated": 2, "unexpected": 0, "success": True, "error": None},
        {"rule_id": "unique:line", "evaluated": 2, "unexpected": 1, "success": False, "error": None},
    ]
    return Run(
        id=new_id(),
        version_id=version.id,
        suite_id=suite_id,
        engine="test",
        engine_version="1",
        rows=2,
        seconds=0.1,
        results=rows,
        at=now,
    )
