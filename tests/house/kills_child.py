"""A process to be killed: forks, when told on standard input, a child that does deeds or migrates until it dies.

It prints 0 when it is ready. Every line of input is a JSON object: `{"do": "walk" | "step" | "upgrade", "url": ...,
"people": {name: [id, role, tenant, path, kind]}, "entry": ..., "fault": n}` starts a child, which prints its number
when it begins; `{"do": "reap"}` waits for it and prints how it ended. With `fault`, the child kills itself after the
n-th statement by which it writes. `{"do": "send" | "check" | "judge", "home": ...}` uploads a file in parts, scans
what has come, or does all of the worker's work on it; there a fault is the n-th statement, commit or step with a file.
Whatever happens, a child ends after `LONGEST` seconds.
"""

import importlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import kills_upload
from sqlalchemy import event, select
from sqlalchemy.orm import Session, configure_mappers

from catalog.models import Entry
from open_portal import migrating
from policies import permissions, rulebook
from policies import vocabulary as v
from sharing.access import agreements, applications
from sharing.access.models import Application
from tenancy import database, work
from tenancy.actors import Actor, Standing
from tenancy.database import Database
from tenancy.models import Tenant
from tenancy.types import new_id

LONGEST = 30
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
WORDS = {"comment": "核查", "basis": "协议第六条"}
NEXT = {
    "INITIAL_REVIEW": ("officer", "approve"),
    "PROVIDER_REVIEW": ("reviewer", "approve"),
    "FINAL_REVIEW": ("second_officer", "approve"),
    "SUSPENDED": ("officer", "restore"),
    "REVOKED": ("officer", "close"),
}


def main() -> None:
    """Obey until the input ends."""
    configure_mappers()
    for driver in ("sqlite", "postgresql+psycopg"):
        database.connect(f"{driver}://").close()
    rulebook.in_force()
    permissions.policies()
    # Loaded before the fork, once for all children.
    importlib.import_module("quality.checks")
    importlib.import_module("quality.reading")
    print(0, flush=True)
    child = 0
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "reap":
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(status, flush=True)
            continue
        child = os.fork()
        if child == 0:
            run(order)


def run(order: Mapping[str, Any]) -> None:
    """Be the child."""
    signal.alarm(LONGEST)
    code = 1
    try:
        opened = database.connect(order["url"], pooled=order["do"] != "upgrade")
        people = {name: actor(*known) for name, known in order.get("people", {}).items()}
        if order.get("fault") and "home" not in order:
            die_at(opened, order["fault"])
        with opened.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        print(os.getpid(), flush=True)
        if order["do"] == "upgrade":
            migrating.upgrade(opened)
        if order["do"] in {"send", "check", "judge"}:
            kills_upload.run(opened, people.get("steward"), order)
        while order["do"] in {"walk", "step"}:
            step(opened, people, order["entry"])
            if order["do"] == "step":
                break
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def die_at(opened: Database, statement: int) -> None:
    """Kill this process after the n-th statement that writes."""
    left = [statement]

    def count(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        left[0] -= not sql.startswith("SELECT")
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(opened.writer, "after_cursor_execute", count)


def actor(person_id: str, role: str | None, tenant_id: str, path: list[str], kind: str) -> Actor:
    """Somebody with one place."""
    standing = Standing(v.Role(role) if role else None, tenant_id, tuple(path), v.TenantKind(kind))
    return Actor("person", person_id, verified=True, standings=(standing,))


def step(opened: Database, people: Mapping[str, Actor], entry_id: str) -> None:
    """Take the newest application one deed further, or begin another one."""
    with opened.read() as session:
        newest = latest(session)
        number, stage = (newest.number, newest.stage) if newest else ("", "CLOSED")
        suspended = bool(newest and newest.case and any(one.move == "suspend" for one in newest.case.decisions))
    if stage == "CLOSED":
        begin(opened, people["requester"], entry_id)
    elif stage == "DRAFT":
        with work.begin(opened, people["requester"], NOW) as deed:
            applications.submit(deed, of(deed, number))
    elif stage == "APPROVED":
        with work.begin(opened, people["requester"], NOW) as deed:
            application = of(deed, number)
            shown = agreements.hash_of(agreements.text_of(application, "zh"))
            applications.accept(deed, application, signatory="李明", text_hash=shown, language="zh")
    else:
        name, move = NEXT.get(stage) or ("officer", "revoke" if suspended else "suspend")
        with work.begin(opened, people[name], NOW) as deed:
            applications.decide(deed, of(deed, number), move, **WORDS)


def begin(opened: Database, who: Actor, entry_id: str) -> None:
    """A new application, complete."""
    with work.begin(opened, who, NOW) as deed:
        company = deed.session.get_one(Tenant, next(iter(who.tenant_ids)))
        entry = deed.session.get_one(Entry, entry_id)
        found = applications.start(deed, entry, new_id(), tenant=company, kind=v.ApplicantKind.LEGAL)
        answers = dict.fromkeys(applications.REQUIRED, "有")
        applications.answer(deed, found, answers=answers, valid_from=NOW.date(), valid_to=date(2027, 3, 1))


def latest(session: Session) -> Application | None:
    """The newest application."""
    return session.scalars(select(Application).order_by(Application.number.desc()).limit(1)).first()


def of(deed: work.Work, number: str) -> Application:
    """An application in a transaction."""
    return deed.session.scalars(select(Application).where(Application.number == number)).one()


if __name__ == "__main__":
    main()
