"""Tenants, faces and accounts of the demonstration; accounts bear the names of offices, never of persons."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from open_portal.demonstration import files
from open_portal.wiring import Kit
from policies import vocabulary as v
from policies.vocabulary import Role
from tenancy import actors, people, tenants, work
from tenancy.actors import Actor
from tenancy.models import Person, Tenant
from tenancy.work import Work

FOUNDED = date(2021, 10, 8)
COLOURS = {"lake": ("#0a5a6e", "#063846"), "bamboo": ("#0f6b4a", "#0a4731")}
CITY_ACCOUNTS = (
    ("officer-a", "主管部门审核员甲", Role.AUTHORITY_REVIEWER),
    ("officer-b", "主管部门审核员乙", Role.AUTHORITY_REVIEWER),
    ("leader", "分管领导", Role.LEADER),
    ("cdo", "首席数据官", Role.CHIEF_DATA_OFFICER),
    ("tenant-admin", "租户管理员", Role.TENANT_ADMIN),
    ("system-admin", "系统管理员", Role.SYSTEM_ADMIN),
    ("security-admin", "安全管理员", Role.SECURITY_ADMIN),
    ("auditor", "审计管理员", Role.AUDITOR),
)
SHOWN = (
    ("steward-civil-affairs", "数据专员（民政局）", "registers datasets / 登记数据"),
    ("reviewer-cdc", "部门审核员（疾控中心）", "reviews applications / 审核申请"),
    ("officer-a", "主管部门审核员甲", "reviews and decides / 审核、复核"),
    ("officer-b", "主管部门审核员乙", "second officer / 第二位审核员"),
    ("leader", "分管领导", "reads the scorecard / 查看考核看板"),
    ("requester", "申请人", "applies for restricted data / 申请受限数据"),
    ("tenant-admin", "租户管理员", "manages tenants and people / 管理机构与人员"),
    ("auditor", "审计管理员", "reads the audit log / 查看审计日志"),
)


class Cast:
    """Everybody of the demonstration, found by key."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def actor(self, login: str) -> Actor:
        """The account with a login name, as an actor."""
        with self.kit.database.read() as session:
            person = session.scalars(select(Person).where(Person.login == login)).one()
            return actors.of_person(person)

    def steward(self, tenant_key: str) -> Actor:
        """The steward of a tenant."""
        return self.actor(f"steward-{tenant_key}")

    def mover(self, tenant_key: str, move: str, *, nth: int = 0) -> Actor:
        """Who makes a move for a tenant: an officer for the authority, else its reviewer or steward."""
        if tenant_key == self.kit.settings.authority:
            return self.actor("officer-a" if nth == 0 else "officer-b")
        with self.kit.database.read() as session:
            logins = set(session.scalars(select(Person.login)))
        if f"requester-{tenant_key}" in logins:
            return self.actor(f"requester-{tenant_key}")
        return self.actor(f"{'steward' if move == 'ask' else 'reviewer'}-{tenant_key}")


def found_tenants(kit: Kit, now: datetime) -> None:
    """Enter the city's institutions as a tree, with names by date and the faces."""
    content = files.table("tenants.toml")
    with work.begin(kit.database, actors.SYSTEM, now) as unit:
        for row in content["tenant"]:
            _found(unit, row)
        for face in content["face"]:
            _set_face(unit, face)


def open_accounts(kit: Kit, now: datetime, keys: Iterable[str]) -> None:
    """Open the city's accounts, and a steward and a reviewer in each tenant that takes part."""
    with work.begin(kit.database, actors.SYSTEM, now) as unit:
        city = tenants.find(unit.session, "huzhou")
        for login, name, role in CITY_ACCOUNTS:
            _account(unit, city, login, name, role)
        for key in sorted(set(keys)):
            tenant = tenants.find(unit.session, key)
            short = tenant.name.zh.removeprefix("湖州市")
            _account(unit, tenant, f"steward-{key}", f"数据专员（{short}）", Role.STEWARD)
            _account(unit, tenant, f"reviewer-{key}", f"部门审核员（{short}）", Role.DEPARTMENT_REVIEWER)
        for row in files.table("applications.toml")["applicant"]:
            _applicant(unit, row)


def _found(unit: Work, row: Mapping[str, Any]) -> None:
    names = [*row.get("former", ()), row]
    tenant = tenants.found(
        unit,
        key=row["key"],
        kind=v.TenantKind(row["kind"]),
        zh=names[0]["zh"],
        en=names[0]["en"],
        region_code=row["region"],
        parent=tenants.find(unit.session, row["parent"]) if row.get("parent") else None,
        uscc=row.get("uscc"),
        on=_day(names[0]["from"]) if "from" in names[0] else FOUNDED,
    )
    for former, name in pairwise(names):
        tenants.rename(unit, tenant, zh=name["zh"], en=name["en"], on=_day(former["until"]))


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _set_face(unit: Work, face: Mapping[str, Any]) -> None:
    brand, dark = COLOURS[face["colour"]]
    tenant = tenants.find(unit.session, face["tenant"])
    contact = f"{face['phone']} · {face['email']}"
    tenants.set_face(
        unit,
        tenant,
        slug=face["path"] or tenant.key,
        host=None,
        name_zh=face["zh"],
        name_en=face["en"],
        brand=brand,
        brand_dark=dark,
        contact_zh=f"服务电话 {contact}",
        contact_en=f"Service line {contact}",
        footer_zh=face["footer_zh"],
        footer_en=face["footer_en"],
    )


def _account(unit: Work, tenant: Tenant, login: str, name: str, role: Role) -> None:
    person = people.add(
        unit, tenant, login=login, name=name, email=f"{login}@demo.example", password=files.PASSWORD, is_demo=True
    )
    people.grant_role(unit, person, tenant, role)


def _applicant(unit: Work, row: Mapping[str, Any]) -> None:
    tenant = tenants.enrol(
        unit, key=row["key"], zh=row["zh"], en=row["en"], uscc=row["uscc"], region_code=row["region"]
    )
    login = "requester" if row["key"] == "example-research" else f"requester-{row['key']}"
    person = people.register(
        unit,
        login=login,
        name=f"申请人（{row['zh']}）",
        email=f"{login}@demo.example",
        phone=None,
        password=files.PASSWORD,
        is_demo=True,
    )
    people.verify(unit, person, tenant)
