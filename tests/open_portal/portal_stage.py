"""A portal over the cast for tests of accounts, administration and indicators: people sign in by the real form."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from catalog import assessments, blobs, datasets, versions
from catalog.blobs import Blob
from catalog.quarantine import Quarantine
from catalog.search_index import Index
from catalog.tables import TableStore
from open_portal import settings
from open_portal.app import create_app
from open_portal.wiring import Kit
from policies import vocabulary as v
from sharing import release
from tenancy import passwords, work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.mail import OutboxFolder
from tenancy.models import Person

PASSWORD = "quiet river under the bridge"
HASH = passwords.hash(PASSWORD)


@dataclass
class Clock:
    """The time of the portal, moved by hand."""

    now: datetime

    def __call__(self) -> datetime:
        """The instant."""
        return self.now


@dataclass
class Stage:
    """The portal, the cast and the clock."""

    kit: Kit
    app: Flask
    cast: Any
    clock: Clock

    def browser(self, address: str = "10.1.2.3", language: str = "en") -> FlaskClient:
        """A browser that nobody has signed in with."""
        client = self.app.test_client()
        client.environ_base["REMOTE_ADDR"] = address
        client.set_cookie("language", language)
        return client

    def signed_in(self, who: Actor, **options: str) -> FlaskClient:
        """A browser in which one of the cast has signed in."""
        client = self.browser(**options)
        answer = sign_in(client, who.name.replace("_", "-"))
        assert answer.status_code == 302, answer.text
        return client

    def deed(self, who: Actor) -> Any:
        """A unit of work by one of the cast."""
        return work.begin(self.kit.database, who, self.clock.now)


def build(db: Database, cast: Any, now: datetime, folder: Path) -> Stage:
    """A portal whose people all have the same password."""
    home = folder / "home"
    (home / "mail").mkdir(parents=True)
    clock = Clock(now)
    kit = Kit(
        settings=settings.read({"TIAOXI_HOME": str(home)}),
        database=db,
        blobs=blobs.open_store((home / "blobs").as_uri(), cache=home / "cache"),
        quarantine=Quarantine(home / "quarantine"),
        index=Index.open(home / "index"),
        tables=TableStore([home / "blobs"], scratch=home / "scratch", memory=256),
        post=OutboxFolder(home / "mail", "tiaoxi@localhost"),
        secret_key="for tests only",
        scratch=home,
        clock=clock,
    )
    with work.begin(db, SYSTEM, now) as unit:
        unit.session.execute(update(Person).values(password_hash=HASH))
    return Stage(kit, create_app(kit), cast, clock)


def token(client: FlaskClient, page: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert found, page
    return found[1]


def post(client: FlaskClient, url: str, page: str | None = None, **fields: object) -> Any:
    """Send a form with the token of the page it stands on."""
    return client.post(url, data={"csrf_token": token(client, page or url), **fields})


def sign_in(client: FlaskClient, login: str, password: str = PASSWORD, **fields: str) -> Any:
    """Send the sign-in form."""
    return post(client, "/sign-in", login=login, password=password, **fields)


def entry(stage: Stage, title: str, *, open_it: bool, public: bool = True) -> str:
    """A published entry of the department with one mounted version, opened or not; gives its id."""
    cast = stage.cast
    tier = (
        {"open_type": v.OpenType.OPEN_UNCOND, "open_tier": v.OpenTier.T0, "licence": v.Licence.PLATFORM}
        if open_it
        else {
            "open_type": v.OpenType.OPEN_FORBIDDEN,
            "open_tier": v.OpenTier.TX,
            "open_reason": v.ReasonKind.LAW,
            "open_basis": "《浙江省公共数据条例》",
        }
    )
    described = datasets.Description(
        title=title,
        abstract="公开数据",
        themes=("6",),
        object_flags=8,
        contact_office="数据科",
        contact_phone="0572-2000000",
        **tier,
    )
    with stage.deed(cast.steward) as unit:
        made = datasets.register(unit, unit.session.merge(cast.department), described)
        datasets.set_items(unit, made, [datasets.ItemDescription(name=f"{title}编号", open_type=described.open_type)])
        made.metadata_public = public
        version = versions.receive(unit, made, Blob("0" * 64, 5), "a.csv")
        keys = made.id, version.id
    with stage.deed(SYSTEM) as unit:
        version = unit.session.get_one(versions.Version, keys[1])
        loaded = versions.Loaded(Blob("1" * 64, 9), None, 3, 3, 0, [], "utf-8", {})
        judged = versions.Judged(v.Verdict.PASS, [], 97.0, v.Grade.A, {"accuracy": 98.0, "timeliness": 55.0}, 3, 0)
        assessments.keep(unit, version, [], {"rows": 3})
        versions.settle(unit, version, loaded, judged)
    with stage.deed(cast.steward) as unit:
        made = unit.session.get_one(datasets.Entry, keys[0])
        datasets.submit(unit, made)
        if open_it:
            release.request(unit, made)
    with stage.deed(cast.officer) as unit:
        made = unit.session.get_one(datasets.Entry, keys[0])
        datasets.review(unit, made, "approve")
        if open_it:
            release.decide(unit, made, "approve")
    return keys[0]
