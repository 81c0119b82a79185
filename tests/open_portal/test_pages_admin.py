"""Administration: each office sees its own parts, the others answer 403, what is hidden answers 404."""

import portal_stage
import pytest
from portal_stage import Stage, post
from sqlalchemy import select, text

from open_portal.pages.admin import admin_rules
from policies.vocabulary import Role
from tenancy import audit, people
from tenancy.actors import SYSTEM
from tenancy.models import Membership, Person, Tenant
from tenancy.records import OutboundTarget

PAGES = {
    "/admin/scorecard": {"leader", "officer"},
    "/admin/tenants": {"system_admin"},
    "/admin/users": {"system_admin", "security_admin"},
    "/admin/audit": {"auditor"},
    "/admin/audit/verify": {"auditor"},
    "/admin/jobs": {"system_admin"},
    "/admin/sources": {"officer", "system_admin"},
    "/admin/outbound": {"security_admin"},
    "/admin/synonyms": {"officer", "system_admin"},
    "/admin/roles": {"leader", "officer", "system_admin", "security_admin", "auditor"},
    "/admin/policies/changes": {"leader", "officer", "system_admin", "security_admin", "auditor"},
    "/admin/policies": {"leader", "officer", "system_admin", "security_admin", "auditor"},
    "/admin/calendar": {"leader", "officer", "system_admin", "security_admin", "auditor"},
}


@pytest.fixture
def stage(db, cast, now, tmp_path) -> Stage:
    """A portal over the cast."""
    return portal_stage.build(db, cast, now, tmp_path)


@pytest.mark.parametrize("who", ["leader", "officer", "system_admin", "security_admin", "auditor"])
def test_each_administrator_reaches_and_is_shown_exactly_his_parts(stage, who):
    client = stage.signed_in(getattr(stage.cast, who))
    home = client.get("/admin").text
    for url, allowed in PAGES.items():
        assert client.get(url).status_code == (200 if who in allowed else 403), url
        assert (f'href="{url}"' in home) is (who in allowed and not url.endswith("/verify")), url


def test_strangers_do_not_come_in(stage):
    assert stage.browser().get("/admin").location.startswith("/sign-in?next=")
    assert stage.signed_in(stage.cast.steward).get("/admin/audit").status_code == 403
    assert stage.signed_in(stage.cast.requester).get("/admin").status_code == 403


def test_the_scorecard_counts_drills_and_sorts(stage):
    portal_stage.entry(stage, "公交线路", open_it=True)
    portal_stage.entry(stage, "驾驶员名册", open_it=False)
    leader = stage.signed_in(stage.cast.leader)
    page = leader.get("/admin/scorecard?sort=name").text
    assert "50%" in page
    assert "excellent" in page
    assert "poor" in page
    assert page.index("Deqing") < page.index("Transport")
    below = leader.get("/admin/scorecard/hz-jtj").text
    assert "公交线路" in below
    table = leader.get("/admin/scorecard/huzhou.csv").text.splitlines()
    assert any(line.startswith("Transport,2,50.0,100.0,97.0") for line in table)
    assert leader.get("/admin/scorecard/c-example").status_code == 404
    assert leader.get("/admin/scorecard/none").status_code == 404


def test_roles_are_granted_and_ended_and_sessions_end_with_them(stage):
    security, target = stage.signed_in(stage.cast.security_admin), stage.signed_in(stage.cast.colleague)
    page = "/admin/users/colleague"
    fields = {"tenant": "huzhou", "role": "auditor"}
    assert post(security, f"{page}/grant", page=page, **fields).status_code == 302
    assert target.get("/account").status_code == 302
    again = post(security, f"{page}/grant", page=page, tenant="huzhou", role="system_admin")
    assert "different people" in security.get(again.location).text
    assert post(security, f"{page}/grant", page=page, tenant="hz-jtj", role="leader").status_code == 403
    with stage.kit.database.read() as session:
        held = session.scalars(select(Membership).where(Membership.role == Role.AUDITOR)).all()
        mine = next(one for one in held if one.person_id == stage.cast.colleague.id)
    assert post(security, f"{page}/roles/{mine.id}/end", page=page).status_code == 302
    with stage.kit.database.read() as session:
        assert session.get_one(Membership, mine.id).ended_at is not None


def test_the_system_administrator_adds_verifies_closes_and_opens_accounts(stage):
    system = stage.signed_in(stage.cast.system_admin)
    fields = {"tenant": "hz-jtj", "name": "王芳", "login": "wang-fang", "password": "short"}
    assert post(system, "/admin/users/new", **fields).status_code == 422
    made = post(system, "/admin/users/new", **{**fields, "password": "a boat between two lakes"})
    assert made.location == "/admin/users/wang-fang"
    page = made.location
    assert post(system, f"{page}/disable", reason="").status_code == 422
    assert post(system, f"{page}/disable", reason="调离").status_code == 302
    assert portal_stage.sign_in(stage.browser(), "wang-fang", "a boat between two lakes").status_code == 422
    assert post(system, f"{page}/enable", page=page).status_code == 302
    assert portal_stage.sign_in(stage.browser(), "wang-fang", "a boat between two lakes").status_code == 302
    own = "/admin/users/system-admin/disable"
    assert "Nobody closes his own account" in post(system, own, reason="x").text


def test_a_tenant_administrator_sees_only_his_own_people(stage):
    with stage.deed(SYSTEM) as unit:
        person = unit.session.get_one(Person, stage.cast.colleague.id)
        people.grant_role(unit, person, unit.session.get_one(Tenant, stage.cast.department.id), Role.TENANT_ADMIN)
    client = stage.signed_in(stage.cast.colleague)
    page = client.get("/admin/users").text
    assert "/admin/users/steward" in page
    assert "/admin/users/stranger" not in page
    assert client.get("/admin/users/stranger").status_code == 404
    assert client.get("/admin/users/nobody").status_code == 404
    assert client.get("/admin/tenants/hz-jyj").status_code == 404
    assert client.get("/admin/audit").status_code == 403


def test_tenants_are_founded_renamed_and_moved(stage):
    system = stage.signed_in(stage.cast.system_admin)
    fields = {"zh": "市水利局", "en": "Water", "key": "hz-slj", "kind": "DEPARTMENT", "region_code": "330500"}
    fields |= {"parent": "huzhou", "on": "2026-11-01", "uscc": ""}
    bad = post(system, "/admin/tenants/new", **{**fields, "on": "soon"})
    assert bad.status_code == 422
    assert 'value="市水利局"' in bad.text
    assert post(system, "/admin/tenants/new", **fields).location == "/admin/tenants/hz-slj"
    renamed = post(system, "/admin/tenants/hz-slj/rename", zh="市水务局", en="Water Affairs", on="2026-11-20")
    assert renamed.status_code == 302
    assert "市水利局" in system.get("/admin/tenants/hz-slj").text
    assert post(system, "/admin/tenants/hz-slj/move", target="deqing", on="2026-11-21").status_code == 302
    assert post(system, "/admin/tenants/hz-slj/merge", target="hz-jtj", on="2026-11-22").status_code == 302
    assert "Dissolved" in system.get("/admin/tenants").text
    colours = {"slug": "hz", "name_zh": "湖州", "brand": "red", "brand_dark": "#063846"}
    assert post(system, "/admin/tenants/deqing/face", page="/account", **colours).status_code == 403


def test_the_chain_is_verified_and_a_changed_line_found(stage):
    with stage.deed(SYSTEM) as unit:
        audit.seal(unit.session, stage.clock.now)
    auditor = stage.signed_in(stage.cast.auditor)
    assert post(auditor, "/admin/audit/verify").status_code == 302
    assert "Whole" in auditor.get("/admin/audit/verify").text
    if stage.kit.database.is_sqlite:
        with stage.kit.database.write() as session:
            for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                session.execute(text(f'DROP TRIGGER "{name}"'))
            session.execute(text("UPDATE audit_line SET what = 'something.else' WHERE sequence = 3"))
            session.commit()
        post(auditor, "/admin/audit/verify")
        assert "Broken at line 3" in auditor.get("/admin/audit/verify").text


def test_the_log_is_filtered(stage):
    auditor = stage.signed_in(stage.cast.auditor)
    found = auditor.get("/admin/audit?what=sign-in.opened&actor=&about=auditor").text
    assert "1 line" in found
    assert "No lines" in auditor.get("/admin/audit?actor=nobody").text


def test_outbound_targets_are_allowed_and_removed(stage):
    security = stage.signed_in(stage.cast.security_admin)
    assert post(security, "/admin/outbound", host="10.0.0.9/x", port="99999", reason="").status_code == 422
    assert post(security, "/admin/outbound", host="10.0.0.9", port="5432", reason="库表归集").status_code == 302
    assert post(security, "/admin/outbound", host="10.0.0.9", port="5432", reason="again").status_code == 422
    with stage.kit.database.read() as session:
        key = session.scalars(select(OutboundTarget.id)).one()
    remove = f"/admin/outbound/{key}/remove"
    assert post(stage.signed_in(stage.cast.system_admin), remove, page="/account").status_code == 403
    assert post(security, remove, page="/admin/outbound").status_code == 302
    assert "The list is empty" in security.get("/admin/outbound").text


def test_the_rules_answer_with_the_deciding_policy(stage):
    system = stage.signed_in(stage.cast.system_admin)
    ask = "/admin/policies/try?login={}&action={}&kind={}&about={}"
    yes = system.get(ask.format("system-admin", "tenant.manage", "Tenant", "hz-jtj")).text
    assert "system-admin-manages" in yes
    assert "Yes, permitted" in yes
    assert "No, denied" in system.get(ask.format("auditor", "tenant.manage", "Tenant", "hz-jtj")).text
    assert "not done to things of this kind" in system.get(ask.format("auditor", "audit.read", "Tenant", "hz-jtj")).text
    hidden = portal_stage.entry(stage, "内部台账", open_it=False, public=False)
    assert hidden
    stranger = stage.signed_in(stage.cast.auditor)
    assert "There is no" in stranger.get(ask.format("", "entry.edit", "Entry", "none")).text


def test_the_calendar_marks_the_year_without_a_notice(stage):
    page = stage.signed_in(stage.cast.leader).get("/admin/calendar").text
    assert page.index("2027") < page.index("Provisional") < page.index("2026 ")


def test_every_right_of_a_role_is_in_the_matrix() -> None:
    """What no role may is done by the person concerned, or by the platform itself."""
    nobody = {action for action, roles in admin_rules.matrix().items() if not roles}
    own = {"agreement.accept", "application.edit", "application.submit", "application.withdraw", "grant.use"}
    own |= {"issue.follow", "session.end", "token.create"}
    platform = {"catalogue.restore", "indicator.compute", "issue.detect", "scorecard.freeze"}
    assert nobody == own | platform
