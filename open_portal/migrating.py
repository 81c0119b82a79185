"""Migrations of the database: up to the newest revision, down again, and whether tables and models agree."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from catalog import hook_models as _hooks
from catalog import models as _catalog
from catalog import standard_models as _standards
from quality import models as _quality
from quality.cleaning import cleaning_models as _cleaning
from quality.issues import issue_models as _issues
from quality.scoring import scorecard_models as _scorecards
from quality.suites import suite_models as _suites
from sharing.access import models as _access
from sharing.demand import models as _demand
from sharing.rates import models as _rates
from tenancy import models as _tenancy
from tenancy import records as _records
from tenancy.database import Database
from tenancy.types import Base

FOLDER = Path(__file__).resolve().parent.parent / "migrations"
TABLES = (
    _tenancy,
    _records,
    _catalog,
    _hooks,
    _standards,
    _quality,
    _suites,
    _issues,
    _scorecards,
    _cleaning,
    _access,
    _demand,
    _rates,
)
"""Every module with tables, so that the metadata is whole."""
METADATA = Base.metadata


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the database to a revision, the newest unless told otherwise; nothing is left half done."""
    command.upgrade(_config(database), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the database back to an earlier revision."""
    command.downgrade(_config(database), revision)


def check(database: Database) -> None:
    """Raise when the models differ from what the newest revision makes."""
    command.check(_config(database))


def is_current(database: Database) -> bool:
    """Whether the database stands at the newest revision."""
    newest = ScriptDirectory.from_config(_config(database)).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest


def write_revision(database: Database, message: str) -> None:
    """Draft a revision from the difference between models and tables."""
    command.revision(_config(database), message=message, autogenerate=True)


def _config(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["database"] = database
    return config
