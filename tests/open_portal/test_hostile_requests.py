"""Requests that no browser makes get a clean answer, and a process answers only behind the doors it opens."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from open_portal.app import create_app
from open_portal.wiring import Kit
from tenancy.actors import Actor

DEEP = "[" * 100_000
BAD_CODES = (
    *("../../etc/passwd", "..%2f..%2fetc", "%00", "a" * 5000, "'; drop table entry;--", "{{13337*7}}", "💥"),
    "\u202ecod",
)
PLACES = ("/datasets/{}", "/datasets/{}/data", "/api/v1/datasets/{}", "/orgs/{}", "/indicators/{}")


@pytest.mark.parametrize("path", ["/api/3/action/package_search", "/api/3/action/package_show"])
def test_deep_json_is_a_bad_request(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data=DEEP, content_type="application/json")
    assert 400 <= answer.status_code < 500


def test_huge_forms_are_refused(client: FlaskClient) -> None:
    large = client.post("/sign-in", data="login=" + "a" * 2_000_000, content_type="application/x-www-form-urlencoded")
    many = client.post("/sign-in", data="&".join(f"f{n}=1" for n in range(60_000)) + "&" + "x" * 1_000_000)
    assert large.status_code == 413
    assert 400 <= many.status_code < 500


@pytest.mark.parametrize("code", BAD_CODES)
@pytest.mark.parametrize(
    "path", ["/datasets/{}", "/datasets/{}/data", "/api/v1/datasets/{}", "/orgs/{}", "/indicators/{}"]
)
def test_bad_ids_are_not_found(client: FlaskClient, path: str, code: str) -> None:
    answer = client.get(path.format(code))
    assert answer.status_code in {308, 400, 404}
    assert "93359" not in answer.text


@pytest.mark.parametrize("address", ["/datasets?q=a%00b", "/datasets?%00=b", "/api/3/action/package_search?q=%00"])
def test_a_nul_in_an_address_is_a_bad_request(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 400


def test_a_nul_in_a_form_is_a_bad_request(client: FlaskClient) -> None:
    assert client.post("/sign-in", data={"login": "a\0b", "password": "c"}).status_code < 500


def test_wrong_methods_are_told_the_right_ones(client: FlaskClient) -> None:
    answer = client.delete("/datasets")
    assert answer.status_code in {400, 405}
    assert client.put("/").status_code in {400, 405}


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Content-Type": "text/plain"}]
)
def test_forms_from_elsewhere_change_nothing(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post("/sign-in", data="login=a&password=b", headers=headers)
    assert answer.status_code == 400


def test_every_answer_is_hardened(client: FlaskClient, cast: object, sign_in: Callable[[Actor], FlaskClient]) -> None:
    answer = client.get("/")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    personal = sign_in(cast.steward).get("/desk")  # type: ignore[attr-defined]
    assert personal.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("faces", "open_pages", "shut"),
    [
        ({"public"}, ["/", "/datasets", "/sign-in"], ["/desk", "/admin", "/my", "/openapi.json", "/apply/x"]),
        ({"api"}, ["/openapi.json", "/healthz"], ["/", "/datasets", "/desk", "/admin"]),
        ({"desk"}, ["/sign-in"], ["/", "/admin", "/my", "/openapi.json"]),
    ],
)
def test_a_process_answers_only_behind_its_doors(
    kit: Kit, faces: set[str], open_pages: list[str], shut: list[str]
) -> None:
    narrow = replace(kit, settings=replace(kit.settings, faces=frozenset(faces)))
    browser = create_app(narrow).test_client()
    for page in open_pages:
        assert browser.get(page).status_code in {200, 503}, page
    for page in shut:
        assert browser.get(page).status_code == 404, page
