"""Crawlers: one that obeys the rules sees entries and no combination of filters; one that doesn't is slowed down."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

import public_stage as stage
import pytest
from flask import Flask
from flask.testing import FlaskClient

from open_portal.app import create_app
from open_portal.wiring import Kit
from policies import vocabulary as v
from tenancy import tenants, work
from tenancy.actors import SYSTEM

SITE = "http://localhost"
LINK = re.compile(r"<a\b[^>]*>")
LOCATION = re.compile(r"<loc>([^<]+)</loc>")
MOST = 400


@pytest.fixture
def slugs(kit: Kit, cast: Any, now: datetime) -> list[str]:
    words = dict.fromkeys(("name_zh", "name_en", "contact_zh", "contact_en", "footer_zh", "footer_en"), "x")
    with work.begin(kit.database, SYSTEM, now) as unit:
        tenants.set_face(
            unit,
            tenants.find(unit.session, "deqing"),
            slug="deqing",
            host=None,
            brand="#0f6b4a",
            brand_dark="#0f6b4a",
            **words,
        )
    return [
        stage.publish(kit, cast, now, "公交线路"),
        stage.publish(kit, cast, now, "公交站点", v.OpenTier.T2),
        stage.harvest(kit, cast, now, "嘉兴公交"),
    ]


def allowed(rules: str, path: str) -> bool:
    """Whether RFC 9309 lets a crawler fetch a path: the longest rule that fits decides, allowing before forbidding."""
    best = (0, True)
    for line in rules.splitlines():
        kind, _, pattern = line.partition(": ")
        if kind not in {"Allow", "Disallow"}:
            continue
        parts = [re.escape(part) for part in pattern.removesuffix("$").split("*")]
        if re.match(".*".join(parts) + ("$" if pattern.endswith("$") else ""), path):
            best = max(best, (len(pattern), kind == "Allow"))
    return best[1]


def links(page: str, base: str) -> Iterator[str]:
    """Where the links of a page lead within the site that may be followed, as paths."""
    for tag in LINK.findall(page):
        href = re.search(r'href="([^"]*)"', tag)
        relation = re.search(r'rel="([^"]*)"', tag)
        if href is None or (relation and "nofollow" in relation[1].split()):
            continue
        target = urlsplit(urljoin(SITE + base, unescape(href[1])))
        if target.netloc == "localhost":
            yield target.path + ("?" + target.query if target.query else "")


def crawl(client: FlaskClient) -> set[str]:
    """Every address that a crawler with good manners fetches, from the home page and the site map on."""
    rules = client.get("/robots.txt").text
    found = re.search(r"^Sitemap: (.+)$", rules, re.MULTILINE)
    assert found
    waiting = ["/", *(one.removeprefix(SITE) for one in LOCATION.findall(client.get(found[1].removeprefix(SITE)).text))]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in seen or not allowed(rules, path):
            continue
        seen.add(path)
        assert len(seen) < MOST, sorted(seen)
        with client.get(path) as answer:
            if answer.mimetype == "text/html" and "noindex" not in answer.text:
                waiting += links(answer.text, path)
    return seen


def test_a_crawler_with_manners_sees_entries_and_no_combination(client: FlaskClient, slugs: list[str]) -> None:
    seen = crawl(client)
    assert {f"/datasets/{slug}" for slug in slugs} <= seen
    assert "/datasets" in seen
    assert not [path for path in seen if "?" in path and not path.startswith("/catalog.")]
    assert not [path for path in seen if "/compare" in path or "/suggest" in path or "/apply" in path]


def test_rules_for_simple_crawlers(client: FlaskClient, slugs: list[str]) -> None:
    rules = RobotFileParser()
    rules.parse(client.get("/robots.txt").text.splitlines())
    for face in ("", "/deqing"):
        assert rules.can_fetch("*", f"{SITE}{face}/datasets/{slugs[0]}")
        assert rules.can_fetch("*", f"{SITE}{face}/sitemap.xml?page=2")
        for path in ("/datasets?tier=T0", "/datasets/compare?code=1", "/my/applications"):
            assert not rules.can_fetch("*", SITE + face + path), path


def test_pages_of_searches_are_not_for_lists_of_pages(client: FlaskClient, slugs: list[str]) -> None:
    plain = client.get("/datasets").text
    assert "noindex" not in plain
    assert '<link rel="canonical" href="http://localhost/datasets">' in plain
    for query in ("tier=T0", "q=公交", "sort=title", "place=330500", "time_from=2020"):
        page = client.get(f"/datasets?{query}").text
        assert '<meta name="robots" content="noindex,follow">' in page, query
        assert not [one for one in links(page, "/datasets") if one.startswith("/datasets?")], query
    assert 'href="http://localhost/datasets?tier=T0"' in client.get("/datasets?tier=T0&sort=title&x=1").text


@pytest.fixture
def strict(kit: Kit) -> Flask:
    """A portal that lets an address search with filters three times a minute."""
    made = create_app(replace(kit, settings=replace(kit.settings, searches_per_minute=3)))
    made.testing = True
    return made


def test_filtered_searches_without_a_session_are_limited(strict: Flask, slugs: list[str]) -> None:
    client = strict.test_client()
    client.set_cookie("language", "en")
    pages = (
        "/datasets?tier=T0",
        "/datasets.csv?tier=T0",
        f"/datasets/compare?code={slugs[0]}",
        "/datasets.atom?page=2",
    )
    answers = [client.get(page) for page in pages]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert "Please wait a minute, or sign in" in answers[3].text
    assert int(answers[3].headers["Retry-After"]) > 0
    program = client.get("/datasets?tier=T0", headers={"Accept": "application/json"})
    assert program.status_code == 429
    assert program.get_json()["code"] == "http.429"
    # Words alone, entries and other addresses are as free as before.
    assert client.get("/datasets?q=公交").status_code == 200
    assert client.get(f"/datasets/{slugs[0]}").status_code == 200
    for address, status in (("10.0.0.7", 200), ("2001:db8::1", 200)):
        assert client.get("/datasets?tier=T0", environ_base={"REMOTE_ADDR": address}).status_code == status
    for host in (2, 3):
        client.get("/datasets?tier=T0", environ_base={"REMOTE_ADDR": f"2001:db8::{host}"})
    same = {"REMOTE_ADDR": "2001:db8::ffff"}
    assert client.get("/datasets?tier=T0", environ_base=same).status_code == 429


def test_whoever_signed_in_is_not_limited(strict: Flask, cast: Any, sign_in: Any, slugs: list[str]) -> None:
    session = sign_in(cast.requester).get_cookie("tiaoxi")
    client = strict.test_client()
    client.set_cookie("tiaoxi", session.value)
    assert {client.get("/datasets?tier=T0").status_code for _ in range(6)} == {200}
