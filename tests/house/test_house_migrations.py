"""Migrations: empty, newest, the same as the models, back to empty, and newest again, on both databases."""

import pytest
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import inspect, text

from conftest import KINDS, empty_url
from open_portal import migrating
from tenancy import database
from tenancy.types import Base


@pytest.fixture(params=KINDS)
def empty(request, tmp_path):
    """A database without any table."""
    opened = database.connect(empty_url(request, request.param, tmp_path))
    yield opened
    opened.close()
