"""A hidden entry is found by no route, count, feed or suggestion, and looks like one that does not exist."""

import re
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from catalog import datasets, search_index, versions
from catalog.blobs import Blob
from catalog.models import Entry
from open_portal.pages.ckan.ckan_actions import ACTIONS
from open_portal.wiring import Kit
from policies import vocabulary as v
from tenancy import tenants, tokens, work
from tenancy.actors import SYSTEM, Actor

CANARY = "琥珀鹦鹉登记簿"
CANARY_EN = "amberparrot"
MISSING = "399001-999999"
CHANGING = re.compile(
    r'name="csrf_token"[^>]*value="[^"]*"|value="[^"]*"[^>]*name="csrf_token"|<code>[0-9a-f]{12}</code>'
    r'|"request": ?"[0-9a-f]{12}"|name="form_token"[^>]*>|[0-9a-f]{32,}'
)
FINDING = ("/datasets", "/datasets.csv", "/datasets.atom", "/datasets/suggest", "/datasets/compare")
OUTSIDE = ("requester", "stranger", "stranger_reviewer", "system_admin", "security_admin", "auditor")
SEARCHES = (*FINDING, "/api/v1/datasets", "/api/3/action/package_search", "/indicators/OPEN_CAT")
RECORDS = ("/datasets/CODE/metadata.jsonld", "/datasets/CODE/metadata.rdf")
STREAMS = ("/catalog.jsonld", "/catalog.rdf", "/catalog.ttl?page=1", *RECORDS)
QUERIES = (f"?q={CANARY}", f"?q={CANARY_EN}", "?q=hupo", "?page=2")


def hide(kit: Kit, cast: Any, now: datetime, *, published: bool) -> str:
    """An entry of the department with unique words that only its own people may know of; gives its code."""
    with work.begin(kit.database, cast.steward, now) as unit:
        tenant = tenants.find(unit.session, "hz-jtj")
        description = datasets.Description(
            title=f"{CANARY}{'乙' if published else '甲'}",
            title_en=CANARY_EN,
            abstract=f"{CANARY}的说明，{CANARY_EN}",
            themes=("6",),
            tags=(CANARY,),
            object_flags=2,
            contact_office="科室",
            contact_phone="12345",
            share_type=v.ShareType.SHARE_NONE,
            share_mode=None,
            share_reason=v.ReasonKind.LAW,
            share_basis="依据",
            share_condition="不共享",
            open_reason=v.ReasonKind.LAW,
            open_basis="依据",
        )
        entry = datasets.register(unit, tenant, description)
        item = datasets.ItemDescription(
            name=CANARY_EN, share_type=v.ShareType.SHARE_NONE, open_type=v.OpenType.OPEN_FORBIDDEN
        )
        datasets.set_items(unit, entry, [item])
        versions.receive(unit, entry, Blob("0" * 64, 1), f"{CANARY_EN}.csv")
        entry_id, code = entry.id, entry.code
        if published:
            datasets.submit(unit, entry)
    if published:
        with work.begin(kit.database, cast.officer, now) as unit:
            datasets.review(unit, unit.session.get_one(Entry, entry_id), "approve")
    search_index.catch_up(kit.index, kit.database)
    return code.replace("/", "-")


def addresses(app: Flask, code: str) -> list[str]:
    """Every GET address, with the hidden entry's code wherever a code goes."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or "GET" not in (rule.methods or ()) or "sign_out" in rule.endpoint:
            continue
        found.append(filled(rule, code))
    return sorted(found)


def filled(rule: Rule, code: str) -> str:
    """A rule's address with plausible values."""
    values = {"number": "1", "page": "1", "slug": "deqing", "key": "hz-jyj", "name": "package_search"}
    address = rule.rule
    for argument in rule.arguments:
        value = values.get(argument, code) if argument != "format" else "csv"
        if argument in {"extension", "kind"}:
            value = "csv"
        if argument == "form":
            value = "ttl"
        address = re.sub(rf"<(?:[a-z]+(?:\([^)]*\))?:)?{argument}>", value, address)
    return address


def plain(answer_text: str, code: str) -> str:
    """A body without what changes from one request to the next."""
    text = CHANGING.sub("", answer_text)
    return text.replace(code, "CODE").replace(code.replace("-", "/"), "CODE").replace(code.replace("-", "%2F"), "CODE")


@pytest.fixture
def outsiders(cast: Any, client: FlaskClient, sign_in: Callable[[Actor], FlaskClient]) -> dict[str, FlaskClient]:
    """Everybody who may not know of the department's own entries."""
    return {"public": client, **{name: sign_in(getattr(cast, name)) for name in OUTSIDE}}


@pytest.mark.parametrize("published", [False, True])
def test_no_route_tells_of_it(
    app: Flask, kit: Kit, cast: Any, now: datetime, outsiders: dict[str, FlaskClient], published: bool
) -> None:
    code = hide(kit, cast, now, published=published)
    assert CANARY in signed_page(kit, app, cast)
    seen = 0
    for name, browser in outsiders.items():
        streams = [one.replace("CODE", code) for one in STREAMS]
        asked = [*addresses(app, code), *streams, *(page + query for page in SEARCHES for query in QUERIES)]
        for address in asked:
            answer = browser.get(address)
            seen += 1
            body = text_of(answer.data).replace(address.partition("?q=")[2] or "\0", "")
            assert CANARY not in body, (name, address)
            assert CANARY_EN not in body, (name, address)
            assert answer.status_code != 500, (name, address)
    assert seen > 200


IDS = {"organization_show": "hz-jtj", "group_show": "theme-6", "group_package_show": "theme-6", "tag_show": CANARY}
FLAGS = ("include_drafts", "include_private", "include_deleted", "include_datasets", "all_fields")
WORDY = frozenset({"package_autocomplete", "tag_autocomplete", "format_autocomplete", "package_search"})


def asking(code: str) -> list[tuple[str, dict[str, object]]]:
    """Every reading action of the CKAN door with what might make it tell of the entry, widest first."""
    wide: dict[str, object] = {
        "resource_id": f"{code}-csv",
        "query": "format:csv",
        "facet.field": ["tags", "organization"],
        **dict.fromkeys(
            ("include_drafts", "include_private", "include_deleted", "include_datasets", "all_fields"), True
        ),
    }
    names = [name for name, action in ACTIONS.items() if action.reads and name != "help_show"]
    plain_ = [(name, {**wide, "id": IDS.get(name, code), "rows": 1000}) for name in names]
    return plain_ + [(name, {**wide, "q": CANARY}) for name in names if name in WORDY]


def test_no_action_tells_of_it_whatever_token_is_shown(app: Flask, kit: Kit, cast: Any, now: datetime) -> None:
    codes_ = [hide(kit, cast, now, published=one) for one in (False, True)]
    client = app.test_client()
    told = {}
    for name in ("", *OUTSIDE, "steward"):
        headers = {"Authorization": token_of(kit, getattr(cast, name), now)} if name else {}
        texts = []
        for action, asked in asking(codes_[name == "steward"]):
            answer = client.post(f"/api/3/action/{action}", json=asked, headers=headers)
            assert answer.status_code != 500, (name, action)
            texts.append(answer.text)
        told[name] = any(CANARY in text or CANARY_EN in text for text in texts)
    # Its own department finds it by the same questions.
    assert told == {name: name == "steward" for name in told}


def token_of(kit: Kit, who: Actor, now: datetime) -> str:
    with work.begin(kit.database, who, now) as unit:
        return tokens.create(unit, name="canary", days=1)[1]


def text_of(body: bytes) -> str:
    """A body as text; an archive or workbook is opened."""
    if not body.startswith(b"PK"):
        return body.decode()
    with ZipFile(BytesIO(body)) as archive:
        return "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


def signed_page(kit: Kit, app: Flask, cast: Any) -> str:
    """What the department itself reads: proof that the words would be found."""
    with kit.database.read() as session:
        return "".join(entry.title for entry in session.query(Entry))


def test_it_looks_like_what_does_not_exist(
    app: Flask, kit: Kit, cast: Any, now: datetime, outsiders: dict[str, FlaskClient]
) -> None:
    code = hide(kit, cast, now, published=False)
    for name, browser in outsiders.items():
        for rule in app.url_map.iter_rules():
            if "code" not in rule.arguments or "GET" not in (rule.methods or ()):
                continue
            hidden, missing = (browser.get(filled(rule, one)) for one in (code, MISSING))
            assert hidden.status_code == missing.status_code, (name, rule)
            assert plain(hidden.text, code) == plain(missing.text, MISSING), (name, rule)


def test_no_count_changes_when_it_comes(
    app: Flask, kit: Kit, cast: Any, now: datetime, outsiders: dict[str, FlaskClient]
) -> None:
    human = ("/", "/datasets", "/indicators", "/orgs")
    programs = ("/api/v1/datasets", "/api/3/action/package_search", "/feed.atom", "/catalog.ttl", "/data.json")
    pages = (*human, *programs, "/catalog.ttl?page=1")
    with work.begin(kit.database, SYSTEM, now):
        pass
    before = {(name, page): plain(browser.get(page).text, "-") for name, browser in outsiders.items() for page in pages}
    hide(kit, cast, now, published=False)
    after = {(name, page): plain(browser.get(page).text, "-") for name, browser in outsiders.items() for page in pages}
    for key, text in before.items():
        assert after[key] == text, key
