"""Somebody to be killed: the one child that lives at a time, told what to do through the process that forks it."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from sqlalchemy import text

from tenancy.database import Database

KILLED = -signal.SIGKILL
CHILD = Path(__file__).with_name("kills_child.py")


class Victim:
    """The one child that lives at a time, and dies on a database."""

    def __init__(self, db: Database, forker: subprocess.Popen[str]) -> None:
        self.db, self.forker = db, forker
        self.url = db.engine.url.render_as_string(hide_password=False)
        if not db.is_sqlite:
            self.url += "&application_name=victim"

    def ask(self, **order: object) -> int:
        """Give an order; the answer is a number: the child's own, or how it ended."""
        assert self.forker.stdin is not None
        assert self.forker.stdout is not None
        self.forker.stdin.write(json.dumps({"url": self.url, **order}) + "\n")
        self.forker.stdin.flush()
        return int(self.forker.stdout.readline())

    def kill_after(self, seconds: float, **order: object) -> int:
        """Start a child, kill it after a while; gives how it ended."""
        child = self.ask(**order)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        return self.reap()

    def reap(self) -> int:
        """Wait until the child is gone, and its server process with it; gives how it ended."""
        status = self.ask(do="reap")
        if not self.db.is_sqlite:
            query = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'victim'")
            deadline = time.monotonic() + 20
            with self.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                while connection.scalar(query) and time.monotonic() < deadline:
                    time.sleep(0.005)
        return status
