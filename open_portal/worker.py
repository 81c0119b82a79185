"""The worker: claims jobs one after the other, keeps its lease while it works, and runs the schedules."""

import logging
import os
import signal
import socket
import tempfile
import threading
import time
import traceback

from open_portal import heartbeats
from open_portal.handlers import HANDLERS, SCHEDULES
from open_portal.wiring import Kit
from policies.refusals import Refusal
from tenancy import jobs, rules, work
from tenancy.actors import SYSTEM
from tenancy.jobs import LEASE, Claim
from tenancy.work import Work

IDLE_SECONDS = 0.5
log = logging.getLogger(__name__)


class Worker:
    """One worker process; `stop` lets the job in hand be finished first."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.name = f"{socket.gethostname()[:40]}:{os.getpid()}"
        self.stopping = threading.Event()

    def stop(self, *_signal: object) -> None:
        """Take no further job."""
        self.stopping.set()

    def run(self) -> None:
        """Work until told to stop."""
        # Whatever a library spills lies where the sweep finds it, should this process be killed.
        tempfile.tempdir = str(self.kit.scratch)
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        self.set_schedules()
        while not self.stopping.is_set():
            if not self.step():
                self.stopping.wait(IDLE_SECONDS)

    def set_schedules(self) -> None:
        """Make sure that every schedule has its row."""
        with work.begin(self.kit.database, SYSTEM, self.kit.clock()) as unit:
            for kind, seconds in SCHEDULES.items():
                jobs.schedule(unit.session, kind, seconds, unit.now)

    def step(self) -> bool:
        """Run the schedules that are due and one job; False when there was none."""
        try:
            with work.begin(self.kit.database, SYSTEM, self.kit.clock()) as unit:
                jobs.run_schedules(unit.session, unit.now)
            with work.begin(self.kit.database, SYSTEM, self.kit.clock()) as unit:
                rules.follow(unit.session)
                claim = jobs.claim(unit.session, self.name, unit.now)
            if claim is not None:
                self.do(claim)
        except Exception as error:  # noqa: BLE001 - a database that is away for a while must not end the worker
            log.error("worker.database", extra={"error": type(error).__name__})  # noqa: TRY400 - the trace says nothing more
            return False
        return claim is not None

    def do(self, claim: Claim) -> None:
        """Do one job and settle it, as done or as failed with its reason."""
        began = time.monotonic()
        problem = ""
        with heartbeats.prolonging(self.kit, lambda unit: self._keep(unit, claim), LEASE / 3, "worker.lease"):
            try:
                HANDLERS[claim.kind](self.kit, claim.payload)
            except Refusal as refusal:
                problem = f"{refusal.code}: {refusal}"
            except Exception:  # noqa: BLE001 - whatever goes wrong belongs to this job alone
                problem = traceback.format_exc(limit=8)
        with work.begin(self.kit.database, SYSTEM, self.kit.clock()) as unit:
            if problem:
                jobs.fail(unit.session, claim, self.name, unit.now, problem)
                log.error(
                    "job.failed",
                    extra={"kind": claim.kind, "job": claim.sequence, "attempt": claim.attempt, "problem": problem},
                )
            else:
                jobs.finish(unit.session, claim, self.name, unit.now)
        if claim.kind not in SCHEDULES:
            log.info(
                "job.done",
                extra={"kind": claim.kind, "job": claim.sequence, "seconds": round(time.monotonic() - began, 3)},
            )

    def _keep(self, unit: Work, claim: Claim) -> None:
        jobs.keep(unit.session, claim, self.name, unit.now)
