"""Fixtures of the roof: a kit over each database, the application, a client, and signing in."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import ckan_stage
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy.engine import make_url
from werkzeug.routing import Rule

from open_portal import settings
from open_portal.app import create_app
from open_portal.wiring import Kit, wire
from tenancy import encryption, passwords, work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.models import Person

PASSWORD = "river-and-bamboo"


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Templates and addresses are compiled once for all tests, not again for each of a thousand applications."""
    options, compile_ = dict(Flask.jinja_options), Rule._compile_builder
    kept: dict[Any, Any] = {}

    def compiled(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in kept:
            kept[key] = compile_(rule, append_unknown)
        return kept[key]

    Flask.jinja_options["bytecode_cache"] = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    Rule._compile_builder = compiled  # type: ignore[method-assign]
    yield
    Flask.jinja_options, Rule._compile_builder = options, compile_  # type: ignore[method-assign]


@pytest.fixture
def kit(db: Database, tmp_path: Path, now: datetime, key_ring: Path) -> Iterator[Kit]:
    """A kit over the test's database, with its clock standing still."""
    (tmp_path / "home").mkdir(mode=0o700)
    shutil.copy(key_ring, tmp_path / "home")
    yield from open_kit(db, tmp_path, now)


def open_kit(db: Database, folder: Path, now: datetime) -> Iterator[Kit]:
    """A kit over a database, whose files lie in a folder."""
    url = make_url(str(db.engine.url)).render_as_string(hide_password=False)
    made = wire(
        settings.read(
            {"TIAOXI_HOME": str(folder / "home"), "TIAOXI_DATABASE_URL": url, "TIAOXI_DEMO": "no"},
        )
    )
    made.database.close()
    yield replace(made, database=db, clock=lambda: now)
    made.tables.close()


@pytest.fixture
def app(kit: Kit) -> Flask:
    """The application over the kit."""
    made = create_app(kit)
    made.testing = True
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without scripts, without any cookie yet."""
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask, db: Database, now: datetime) -> Callable[[Actor], FlaskClient]:
    """Gives a client in which an actor of the cast has signed in through the form."""

    def enter(actor: Actor) -> FlaskClient:
        browser = app.test_client()
        with work.begin(db, SYSTEM, now) as unit:
            person = unit.session.get_one(Person, actor.id)
            person.password_hash = passwords.hash(PASSWORD)
            login = person.login
        app.config["WTF_CSRF_ENABLED"] = False
        answer = browser.post("/sign-in", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 302, answer.text
        return browser

    return enter


@pytest.fixture(scope="session")
def ckan_served(
    shared_db: Database, shared_cast: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ckan_stage.World]:
    """The catalogue of `ckan_world`, made once."""
    ring, now = encryption.in_use(), shared_cast.city.created_at
    kits = open_kit(shared_db, tmp_path_factory.mktemp("ckan"), now)
    kit = next(kits)
    encryption.use(ring)
    with ckan_stage.served(kit, create_app(kit), shared_cast, now) as world:
        yield world
    kits.close()


@pytest.fixture
def ckan_world(ckan_served: ckan_stage.World) -> Iterator[ckan_stage.World]:
    """A catalogue for clients of the CKAN door, at a server on loopback; whoever uses it only reads."""
    before = encryption.in_use()
    encryption.use(ckan_served.ring)
    yield ckan_served
    encryption.use(before)
