"""A portal in whose administration something stands in every list, and programs of its people that ask for them."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import harvest_stage
import portal_stage
from portal_stage import Stage
from sqlalchemy import select

from catalog import search_index
from catalog.models import Entry, Version
from open_portal.app import create_app
from quality.models import Run
from quality.rules.rules import Rule
from quality.scoring import scorecards
from quality.suites import suites
from sharing.rates import readings
from tenancy import jobs, outbound_targets, peers, rules, tenants, tokens, work
from tenancy.actors import SYSTEM, Actor
from tenancy.models import Person
from tenancy.records import Job
from tenancy.types import new_id

LATER = datetime(2026, 12, 2, 2, 0, tzinfo=UTC)
NOVEMBER = date(2026, 11, 1)
MONTH = "2026-11"
FIGURE = "quality"
CHANGE = "warn = [60, 90, 100]"
ITEM = "公交线路编号"
RULE = f"unique:{ITEM}"
VALUE = "13800000000"
WHO = {
    "users": "security_admin",
    "tenants": "system_admin",
    "peers": "system_admin",
    "audit": "auditor",
    "jobs": "system_admin",
    "outbound": "security_admin",
    "synonyms": "officer",
    "sources": "officer",
    "roles": "auditor",
    "policies": "auditor",
    "calendar": "auditor",
    "scorecard": "leader",
    "scorecards": "leader",
    "scorecard-datasets": "leader",
    "metadata": "leader",
    "standards": "leader",
}
"""Who may read the lists below a part of the administration."""


@dataclass(frozen=True)
class World:
    """The portal, the texts of tokens by login, and what stands for the arguments of addresses."""

    stage: Stage
    keys: dict[str, str]
    arguments: dict[str, str]
    secrets: tuple[str, ...]

    @property
    def exchange(self) -> str:
        """A wide token that works."""
        return self.secrets[0]

    def get(self, address: str, who: str | None = None, **headers: str) -> Any:
        """Ask for an address below the prefix as somebody's program does."""
        if who is not None:
            headers["Authorization"] = f"Bearer {self.keys[who]}"
        return self.stage.app.test_client().get(f"/api/v1/{address}", headers=headers)

    def address(self, path: str) -> str:
        """An address of a path of the document."""
        filled = path.removeprefix("/api/v1/").replace("figures/{code}", f"figures/{FIGURE}")
        for name, value in self.arguments.items():
            filled = filled.replace(f"{{{name}}}", value)
        return filled.replace("sources/hz-jtj", f"sources/{harvest_stage.KEY}")

    def reader(self, path: str) -> str:
        """Who may read a list of the administration."""
        return WHO[path.split("/")[4]]

    def with_faces(self, *faces: str) -> "World":
        """The same portal in a process that opens only some doors."""
        settings = replace(self.stage.kit.settings, faces=frozenset(faces))
        kit = replace(self.stage.kit, settings=settings)
        return replace(self, stage=replace(self.stage, kit=kit, app=create_app(kit)))


def build(db: Any, cast: Any, now: datetime, folder: Path) -> World:
    """The portal a few days after the end of the month in which everything happened."""
    stage = portal_stage.build(db, cast, now, folder)
    opened = portal_stage.entry(stage, "公交线路", open_it=True)
    hidden = portal_stage.entry(stage, "驾驶员名册", open_it=False, public=False)
    code = _checked(stage, opened)
    _harvested(stage)
    change = _proposed(stage)
    secrets = _connected(stage)
    with stage.deed(SYSTEM) as unit:
        for number in range(3):
            jobs.append(unit.session, "mail.send", {"secret": VALUE, "number": number}, now=now)
        jobs.schedule(unit.session, "audit.seal", 60, now)
        jobs.schedule(unit.session, "mail.send", 90, now)
        unit.session.scalars(select(Job).order_by(Job.sequence)).first().state = jobs.PARKED
        readings.keep(unit, readings.compute(unit.session, now, scope=None), scope=None)
        unit.record("audit.verified", "AuditSeal", sealed=3, unsealed=1, bad_line=None, head="ab" * 32)
    stage.clock.now = LATER - timedelta(days=1)
    with stage.deed(SYSTEM) as unit:
        scorecards.freeze(unit, NOVEMBER)
    stage.clock.now = LATER
    with stage.deed(cast.reviewer) as unit:
        card = scorecards.of_month(unit.session, MONTH)
        line = next(one for one in card.lines if one.tenant_id == cast.department.id)
        scorecards.appeal(unit, line, "数据没有迟到", [opened])
    search_index.catch_up(stage.kit.index, db)
    keys = {name: token_of(stage, getattr(cast, name)) for name in (*set(WHO.values()), *OUTSIDERS)}
    arguments = {
        "key": "hz-jtj",
        "login": "steward",
        "code": code,
        "rule": RULE,
        "metric": "keyword",
        "month": MONTH,
        "kind": "APPLICATION",
        "number": "1",
        "change_id": change,
        "hidden": hidden,
    }
    return World(stage, keys, arguments, (*secrets, *keys.values()))


OUTSIDERS = ("steward", "requester", "stranger")
"""Whom the administration's door keeps out."""


def token_of(stage: Stage, who: Actor, **values: Any) -> str:
    """A token for reading."""
    with stage.deed(who) as unit:
        return tokens.create(unit, name="t", days=1, **values)[1]


def _checked(stage: Stage, entry_id: str) -> str:
    """A dataset with a run of which one rule kept values; gives its code as it stands in addresses."""
    with work.begin(stage.kit.database, SYSTEM, stage.clock.now + timedelta(seconds=1)) as unit:
        entry = unit.session.get_one(Entry, entry_id)
        found = suites.propose(
            unit, entry, [Rule(RULE, "unique", (ITEM,)), Rule("row_count:", "row_count", (), {"min": 1})]
        )
        version = unit.session.get_one(Version, entry.live_version_id)
        version.columns = [{"name": ITEM, "type": "text"}]
        results = [
            {
                "rule_id": RULE,
                "evaluated": 3,
                "missing": 0,
                "unexpected": 2,
                "success": False,
                "samples": [[2, VALUE], [3, VALUE]],
            },
            {"rule_id": "row_count:", "evaluated": 1, "missing": 0, "unexpected": 0, "success": True, "observed": 3},
        ]
        unit.session.add(
            Run(
                id=new_id(),
                version_id=version.id,
                suite_id=found.id,
                engine="duckdb",
                engine_version="1",
                rows=3,
                seconds=0.1,
                results=results,
                at=unit.now,
            )
        )
        return str(entry.code).replace("/", "-")


def _harvested(stage: Stage) -> None:
    harvest_stage.found_source(stage.kit, address="https://example.org/data.json")
    harvest_stage.found_source(stage.kit, key="other", address="https://e.org/x", every_hours=24)
    harvest_stage.run(stage.kit, harvest_stage.reading(harvest_stage.listings(1, 2), [{"a": 1}, {"b": 2}]))
    harvest_stage.run(stage.kit, harvest_stage.reading(harvest_stage.listings(1, 2)))


def _proposed(stage: Stage) -> str:
    with stage.deed(stage.cast.system_admin) as unit:
        declined = rules.propose(unit, file="limits.toml", text="warn = [40, 100]", reason="试").id
        change = rules.propose(unit, file="limits.toml", text=CHANGE, reason="通知要求").id
    with stage.deed(stage.cast.security_admin) as unit:
        rules.decline(unit, declined, "不妥")
        outbound_targets.allow(unit, host="10.1.1.1", port=443, reason="省平台")
        outbound_targets.allow(unit, host="10.1.1.2", port=8443, reason="市平台")
    return str(change)


def _connected(stage: Stage) -> tuple[str, ...]:
    """Two platforms, one connected with a token that works, and what must never be told."""
    with stage.deed(stage.cast.system_admin) as unit:
        body = tenants.find(unit.session, "hz-sjj")
        for key in ("province", "neighbours"):
            values = {"key": key, "name_zh": "平台", "name_en": key, "address": f"https://{key}.example.cn"}
            peer = peers.propose(unit, body, **values, reason="协议")
        peer_id = peer.id
    with stage.deed(stage.cast.security_admin) as unit:
        peers.connect(unit, peer_id)
    with stage.deed(stage.cast.system_admin) as unit:
        made = [
            tokens.create(unit, name=name, days=30, scopes=["exchange"], peer=peers.find(unit.session, peer_id))
            for name in ("push", "pull")
        ]
        person = unit.session.get_one(Person, stage.cast.system_admin.id)
        found = tuple(secret for token, plain in made for secret in (plain, token.hash))
        waiting, secrets = made[0][0].id, (*found, str(person.password_hash))
    with stage.deed(stage.cast.security_admin) as unit:
        tokens.approve(unit, tokens.find_wide(unit.session, waiting))
    return secrets
