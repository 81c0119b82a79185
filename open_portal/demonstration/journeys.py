"""Demands and applications of the demonstration, each moved by those whose turn it is."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from catalog.models import Entry
from open_portal.demonstration import entries, files
from open_portal.demonstration.cast import Cast
from open_portal.wiring import Kit
from policies import vocabulary as v
from policies.calendars import local_date
from sharing.access import applications
from sharing.access.models import Application
from sharing.demand import demands
from sharing.demand.models import Demand
from tenancy import tenants, work
from tenancy.models import Tenant

BASIS = "部门职责规定（演示）"


def raise_demands(kit: Kit, cast: Cast, now: datetime) -> None:
    """Raise every demand and move it to the stage that the demonstration wants to show."""
    known = entries.by_key(kit)
    for row in files.table("demands.toml")["demand"]:
        with work.begin(kit.database, cast.mover(row["demander"], "ask"), now) as unit:
            number = demands.ask(
                unit,
                tenants.find(unit.session, row["demander"]),
                tenants.find(unit.session, "huzhou"),
                title=row["title_zh"],
                purpose=row["description_zh"],
                legal_basis=BASIS,
                items=row["items"],
                wanted_by=local_date(now) + timedelta(days=row["wanted_in_days"]),
            ).number
        for day, move in enumerate(row.get("moves", ()), 1):
            _move_demand(kit, cast, row, number, move, known, now + timedelta(days=day))


def _move_demand(
    kit: Kit,
    cast: Cast,
    row: Mapping[str, Any],
    number: str,
    move: Mapping[str, Any],
    known: Mapping[str, str],
    now: datetime,
) -> None:
    name, words = move["move"], {"comment": move.get("comment", ""), "basis": move.get("basis", "")}
    demander = move["by"] == row["demander"]
    nth = 1 if name in {"refuse_return", "agree_return"} else 0
    with work.begin(kit.database, cast.mover(move["by"], "ask" if demander else name, nth=nth), now) as unit:
        demand = unit.session.scalars(select(Demand).where(Demand.number == number)).one()
        if name == "dispatch":
            demands.dispatch(unit, demand, tenants.find(unit.session, row["provider"]))
        elif name in {"accept", "refuse"}:
            demands.answer(unit, demand, name, **words)
        elif name == "mount":
            entry = unit.session.get_one(Entry, known[row["mounts"]])
            demands.mount(unit, demand, entry, row["items"])
        elif name in {"confirm", "send_back"}:
            demands.confirm(unit, demand, met=name == "confirm", rating=5, comment=words["comment"])
        else:
            demands.rule(unit, demand, name, **words, kind=move.get("kind", ""))


def hand_in_applications(kit: Kit, cast: Cast, now: datetime) -> None:
    """Hand in the example applications and decide them as far as the demonstration shows."""
    known = entries.by_key(kit)
    for row in files.table("applications.toml")["application"]:
        requester = "requester" if row["applicant"] == "example-research" else f"requester-{row['applicant']}"
        number = _apply(kit, cast, row, requester, known[row["dataset"]], now)
        officers = 0
        for day, move in enumerate(row["moves"][1:], 1):
            at = now + timedelta(days=day)
            if move["by"] == row["applicant"]:
                with work.begin(kit.database, cast.actor(requester), at) as unit:
                    applications.submit(unit, _application(unit, number))
                continue
            with work.begin(kit.database, cast.mover(move["by"], move["move"], nth=officers), at) as unit:
                words = {"comment": move.get("comment", ""), "basis": move.get("basis", "")}
                applications.decide(unit, _application(unit, number), move["move"], **words)
            if move["by"] == kit.settings.authority and move["move"] in {"approve", "reject"}:
                officers += 1


def _application(unit: work.Work, number: str) -> Application:
    return unit.session.scalars(select(Application).where(Application.number == number)).one()


def _apply(kit: Kit, cast: Cast, row: Mapping[str, Any], requester: str, entry_id: str, now: datetime) -> str:
    applicant = next(one for one in files.table("applications.toml")["applicant"] if one["key"] == row["applicant"])
    with work.begin(kit.database, cast.actor(requester), now) as unit:
        entry = unit.session.get_one(Entry, entry_id)
        tenant = unit.session.scalars(select(Tenant).where(Tenant.key == row["applicant"])).one()
        application = applications.start(
            unit, entry, row["key"], tenant=tenant, kind=v.ApplicantKind(applicant["applicant_kind"])
        )
        headings = {item["name"]: item.get("column", item["zh"]) for item in _dataset(row["dataset"])["items"]}
        start = local_date(now)
        applications.answer(
            unit,
            application,
            answers=_answers(row, applicant),
            items=[headings[name] for name in row["items"]],
            valid_from=start,
            valid_to=start + timedelta(days=row["term_days"]),
        )
        applications.submit(unit, application)
        return application.number


def _answers(row: Mapping[str, Any], applicant: Mapping[str, Any]) -> dict[str, str]:
    return {
        "contact_name": applicant["contact"],
        "contact_phone": applicant["phone"],
        "contact_email": applicant["email"],
        "address": applicant["address"],
        "purpose": row["purpose_zh"],
        "scene": row["scene_zh"],
        "target_system": row["target_system"],
        "location": row["deploy_location"],
        "network": v.Channel(row["network"]).zh,
        "security_measures": row["security_zh"],
        "combine_with": row["combine_with_zh"],
        "expected_effect": row["expected_effect_zh"],
        "consent": "由提供单位按去标识化要求处理，不涉及可识别的个人。",
        "undertaking": "yes",
    }


def _dataset(key: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(one for one in files.table("datasets.toml")["dataset"] if one["key"] == key)
    return found
