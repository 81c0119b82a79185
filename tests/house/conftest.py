"""Fixtures of the house: children that do what they are told until they are killed."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from kills_victim import CHILD, Victim

from tenancy.database import Database


@pytest.fixture(scope="module")
def forker() -> Iterator[subprocess.Popen[str]]:
    """The process that forks children; it has imported everything, so that a child begins at once."""
    here = {**os.environ, "PYTHONPATH": str(CHILD.parents[2])}
    with subprocess.Popen([sys.executable, str(CHILD)], stdin=-1, stdout=-1, text=True, env=here) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        yield process
        process.stdin.close()
        process.wait(timeout=30)


@pytest.fixture
def victim(db: Database, forker: subprocess.Popen[str]) -> Victim:
    """A child over a database with tables."""
    return Victim(db, forker)
