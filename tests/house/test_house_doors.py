"""Doors and templates: every route has one, every template parses and names only routes that exist."""

import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment

from open_portal import doors, settings
from open_portal.app import create_app
from open_portal.doors import ANY_FACE
from open_portal.pages.blueprints import BLUEPRINTS
from open_portal.settings import FACES
from open_portal.wiring import Kit, wire

TEMPLATES = Path(__file__).resolve().parents[2] / "open_portal/templates"
PUBLIC = {"public", "api"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application whose routes are walked; no request is served."""
    home = tmp_path_factory.mktemp("home")
    kit: Kit = wire(settings.read({"TIAOXI_HOME": str(home)}))
    return create_app(kit)


def test_every_route_is_behind_exactly_one_door(app: Flask) -> None:
    hung = app.extensions["doors"]
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        blueprint = rule.endpoint.rpartition(".")[0]
        assert blueprint in hung, rule
        assert len([one for one, _, _ in BLUEPRINTS if one.name == blueprint]) == 1
        guards = app.before_request_funcs[blueprint]
        assert guards[0].__qualname__.startswith("_guard"), rule


def test_only_public_faces_let_anyone_in(app: Flask) -> None:
    for name, door in app.extensions["doors"].items():
        assert door.face in {ANY_FACE, *FACES}
        if door.access in {doors.Access.ANYONE, doors.Access.MACHINE}:
            assert door.face in {ANY_FACE, *PUBLIC}, name


def test_addresses_are_plain(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        fixed = re.sub(r"<[^>]+>", "", rule.rule)
        assert re.fullmatch(r"[a-z0-9/._-]*", fixed), rule


def test_every_template_parses_and_links_to_routes_that_exist(app: Flask) -> None:
    environment: Environment = app.jinja_env
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    unknown = []
    for path in TEMPLATES.rglob("*.html"):
        source = path.read_text("utf-8")
        environment.parse(source)
        unknown += [
            f"{path.name}: {name}"
            for name in re.findall(r"url_for\(\s*[\"']([\w.]+)[\"']", source)
            if name not in endpoints
        ]
    assert not unknown


def test_nothing_inline_stands_in_a_template() -> None:
    # A block of data is no script: browsers run nothing of it.
    script = r"<script(?![^>]*\bsrc=| type=\"application/ld\+json\">)"
    bad = re.compile(rf"<style|style=\"|\son[a-z]+=\"|javascript:|{script}", re.IGNORECASE)
    assert not [path.name for path in TEMPLATES.rglob("*.html") if bad.search(path.read_text("utf-8"))]
