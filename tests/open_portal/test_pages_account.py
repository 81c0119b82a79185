"""The account pages: in and out by the real form, sessions that die, no way out of the portal by `next`."""

import re

import portal_stage
import pyotp
import pytest
from portal_stage import PASSWORD, Stage, post, sign_in
from sqlalchemy import select

from open_portal.pages.account.account_frame import safe_next
from tenancy.models import ApiToken, Person, UserSession
from tenancy.records import AuditLine
from tenancy.sign_in import PER_ACCOUNT

SECRET = re.compile(r'name="secret" value="([A-Z2-7]{32})"')


@pytest.fixture
def stage(db, cast, now, tmp_path) -> Stage:
    """A portal over the cast."""
    return portal_stage.build(db, cast, now, tmp_path)


def is_in(client) -> bool:
    """Whether the browser is signed in."""
    return client.get("/account").status_code == 200


def test_signing_in_and_out(stage):
    client = stage.signed_in(stage.cast.requester)
    before = client.get_cookie("tiaoxi").value
    assert is_in(client)
    assert client.get("/sign-in").location == "/account"
    assert post(client, "/sign-out", page="/account").status_code == 302
    assert not is_in(client)
    thief = stage.browser()
    thief.set_cookie("tiaoxi", before)
    assert not is_in(thief), "a cookie copied before signing out is dead"


def test_a_cookie_set_before_signing_in_is_worthless_afterwards(stage):
    client = stage.browser()
    client.get("/sign-in")
    before = client.get_cookie("tiaoxi").value
    sign_in(client, "requester")
    assert client.get_cookie("tiaoxi").value != before
    planted = stage.browser()
    planted.set_cookie("tiaoxi", before)
    assert not is_in(planted)


@pytest.mark.parametrize("login", ["requester", "nobody-of-that-name"])
def test_a_wrong_try_keeps_what_was_typed_and_tells_nothing(stage, login):
    client = stage.browser()
    answer = sign_in(client, login, "wrong wrong wrong", next="/datasets")
    assert answer.status_code == 422
    assert "The login name, password or one-time code is not right" in answer.text
    assert f'value="{login}"' in answer.text
    assert 'value="/datasets"' in answer.text
    assert "wrong wrong wrong" not in answer.text


def test_the_eleventh_try_is_refused_even_with_the_right_password(stage):
    client = stage.browser()
    for _ in range(PER_ACCOUNT):
        assert sign_in(client, "requester", "wrong wrong wrong").status_code == 422
    assert sign_in(client, "requester").status_code == 429
    assert not is_in(client)


def test_every_form_needs_its_token(stage):
    client = stage.signed_in(stage.cast.requester)
    for url in ("/sign-in", "/sign-out", "/register", "/account/password", "/account/sessions/end"):
        assert client.post(url, data={"login": "requester", "password": PASSWORD}).status_code == 400, url
    assert is_in(client)


def test_what_is_personal_asks_to_sign_in_and_comes_back(stage):
    client = stage.browser()
    asked = client.get("/account/tokens/new")
    assert asked.location == "/sign-in?next=/account/tokens/new"
    assert sign_in(client, "requester", next="/account/tokens/new").location == "/account/tokens/new"
    assert stage.browser().get("/account/profile").status_code == 302


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        ("/datasets", "/datasets"),
        ("/datasets?q=%E5%85%AC&page=2", "/datasets?q=%E5%85%AC&page=2"),
        ("/indicators/OPEN_CAT", "/indicators/OPEN_CAT"),
        *(
            (bad, None)
            for bad in (
                "", "/sign-in", "/sign-out", "/no-such-page", "/static/css/base.css", "datasets", "//example.com",
                "///example.com", "/\\example.com", "\\\\example.com", "/\\/example.com", "https://example.com",
                "https:example.com", "http:/example.com", "HTTPS://EXAMPLE.COM", "javascript:alert(1)",
                "JaVaScRiPt:alert(1)", "data:text/html,x", "/%2f%2fexample.com", "/%5cexample.com", "/..//example.com",
                "/.//example.com", "/\texample.com", "\t//example.com", " //example.com", "/\n/example.com",
                "/\r\nLocation: x", "/datasets\r\nSet-Cookie: a=b", "/datasets//example.com", "/datasets\\x",
                "@example.com",
                "/@example.com", "//user@example.com", "?next=//example.com", "#//example.com", "/;@example.com",
                "//[::1]/", "//127.0.0.1", "/" + "x" * 3000, "\x00/datasets",
            )
        ),
    ],
)  # fmt: skip
def test_next_leads_only_to_known_pages(stage, target, allowed):
    with stage.app.test_request_context("/sign-in"):
        assert safe_next(target) == allowed


def test_registering_opens_an_unverified_account_with_its_own_organisation(stage):
    client = stage.browser()
    fields = {
        "login": "li-ming",
        "name": "李明",
        "email": "li@example.com",
        "phone": "13900000000",
        "company": "示例数据有限公司",
        "uscc": "91330000TX0000057K",
        "password": "a boat between two lakes",
    }
    wrong = post(client, "/register", **{**fields, "uscc": "123", "password": "short", "phone": "x"})
    assert wrong.status_code == 422
    assert 'value="李明"' in wrong.text
    for name in ("uscc", "password", "phone"):
        assert f'href="#{name}"' in wrong.text
    assert post(client, "/register", **{**fields, "company": "", "uscc": ""}).status_code == 302
    assert sign_in(client, "li-ming", fields["password"]).status_code == 302
    assert "has not been verified yet" in client.get("/account").text
    taken = post(client, "/register", **{**fields, "company": "", "uscc": ""})
    assert taken.status_code == 422
    assert "taken" in taken.text


def test_changing_the_password_ends_every_other_session(stage):
    client, other = stage.signed_in(stage.cast.requester), stage.signed_in(stage.cast.requester)
    old_cookie = client.get_cookie("tiaoxi").value
    new = "a boat between two lakes"
    assert post(client, "/account/password", password="wrong", new=new).status_code == 422
    assert post(client, "/account/password", password=PASSWORD, new="short").status_code == 422
    assert post(client, "/account/password", password=PASSWORD, new=new).status_code == 302
    assert is_in(client)
    assert not is_in(other)
    thief = stage.browser()
    thief.set_cookie("tiaoxi", old_cookie)
    assert not is_in(thief)
    assert sign_in(stage.browser(), "requester").status_code == 422
    assert sign_in(stage.browser(), "requester", new).status_code == 302


def test_the_second_factor_is_set_up_and_asked_for(stage):
    client = stage.signed_in(stage.cast.requester)
    page = client.get("/account/second-factor").text
    assert "<svg" in page
    secret = SECRET.search(page)[1]
    code = pyotp.TOTP(secret).at(stage.clock.now)
    wrong = post(client, "/account/second-factor", secret=secret, code="000000", password=PASSWORD)
    assert wrong.status_code == 422
    assert secret in wrong.text
    made = post(client, "/account/second-factor", secret=secret, code=code, password=PASSWORD)
    recovery = re.findall(r"[2-9A-Z]{5}-[2-9A-Z]{5}", made.text)
    assert len(recovery) == 10
    assert is_in(client)
    assert recovery[0] not in client.get("/account").text
    assert sign_in(stage.browser(), "requester").status_code == 422
    assert sign_in(stage.browser(), "requester", code=recovery[0]).status_code == 302
    assert post(client, "/account/second-factor/off", password=PASSWORD).status_code == 302
    assert sign_in(stage.browser(), "requester").status_code == 302


def test_sessions_are_ended_one_by_one_or_all(stage):
    client, other = stage.signed_in(stage.cast.requester), stage.signed_in(stage.cast.requester)
    ends = re.findall(r'action="(/account/sessions/[0-9a-f]{64}/end)"', client.get("/account").text)
    assert len(ends) == 1
    stranger = stage.signed_in(stage.cast.stranger)
    assert post(stranger, ends[0], page="/account").status_code == 404
    assert is_in(other)
    assert post(client, ends[0], page="/account").status_code == 302
    assert not is_in(other)
    assert post(client, "/account/sessions/end", page="/account").status_code == 302
    assert not is_in(client)


def test_a_token_is_shown_once_and_revoked_by_its_owner_alone(stage):
    client = stage.signed_in(stage.cast.requester)
    assert post(client, "/account/tokens/new", name="", days="400").status_code == 422
    made = post(client, "/account/tokens/new", name="nightly", days="30")
    plain = re.search(r"tx_[a-z2-7]{39}", made.text)[0]
    page = client.get("/account").text
    assert "nightly" in page
    assert plain not in page
    with stage.kit.database.read() as session:
        row = session.scalars(select(ApiToken)).one()
        assert plain not in (row.hash, row.hint)
    assert (
        post(stage.signed_in(stage.cast.stranger), f"/account/tokens/{row.id}/revoke", page="/account").status_code
        == 404
    )
    assert post(client, f"/account/tokens/{row.id}/revoke", page="/account").status_code == 302
    with stage.kit.database.read() as session:
        assert session.get_one(ApiToken, row.id).revoked_at is not None


def test_details_are_changed_after_the_password(stage):
    client = stage.signed_in(stage.cast.requester)
    fields = {"email": "me@example.com", "phone": "0572-2000000", "language": "en"}
    assert post(client, "/account/profile", **fields, password="wrong").status_code == 422
    assert post(client, "/account/profile", **{**fields, "email": "no mail"}, password=PASSWORD).status_code == 422
    assert post(client, "/account/profile", **fields, password=PASSWORD).status_code == 302
    with stage.kit.database.read() as session:
        person = session.get_one(Person, stage.cast.requester.id)
        assert (person.email, person.language, person.email_lookup) == ("me@example.com", "en", None)
        assert session.scalars(select(AuditLine).where(AuditLine.what == "person.profile-changed")).one()
        assert session.scalars(select(UserSession)).all()
