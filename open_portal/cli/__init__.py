"""The command `tiaoxi`: each command is imported only when it is called, so that none pays for another's libraries."""

import gc
import sys
from importlib import import_module

import click
from sqlalchemy.exc import DBAPIError

from open_portal.settings import SettingsError
from policies.refusals import Refusal
from policies.rulebook import RulebookError

COMMANDS = {
    "init": "open_portal.cli.setting_up:init",
    "demo": "open_portal.cli.demonstrating:demo",
    "doctor": "open_portal.cli.doctor:doctor",
    "db": "open_portal.cli.setting_up:db",
    "tenant": "open_portal.cli.setting_up:tenant",
    "user": "open_portal.cli.setting_up:user",
    "run": "open_portal.cli.running:run",
    "serve": "open_portal.cli.serving:serve",
    "worker": "open_portal.cli.working:worker",
    "quality": "open_portal.cli:quality",
    "catalog": "open_portal.cli.catalogues:catalog",
    "index": "open_portal.cli.keeping:index",
    "indicators": "open_portal.cli.keeping:indicators",
    "audit": "open_portal.cli.keeping:audit",
}


PARTS = {"check": "open_portal.cli.checking:check", "suite": "open_portal.cli.suites:suite"}
"""The commands of quality: rules are exchanged without loading what runs them."""


class Commands(click.Group):
    """A group that finds its commands by name."""

    places = COMMANDS

    def list_commands(self, _context: click.Context) -> list[str]:
        """All names in the order in which somebody needs them."""
        return list(self.places)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Import one command."""
        if name not in self.places:
            return None
        module, _, attribute = self.places[name].partition(":")
        # What importing makes stays for good: looking for garbage in it takes time and finds none.
        gc.disable()
        command: click.Command = getattr(import_module(module), attribute)
        gc.freeze()
        gc.enable()
        return command


class QualityCommands(Commands):
    """The commands of quality."""

    places = PARTS


@click.group(cls=QualityCommands)
def quality() -> None:
    """Data quality. / 数据质量。"""


@click.group(cls=Commands)
@click.version_option(package_name="tiaoxi")
def tiaoxi() -> None:
    """Public-data governance platform and open-data portal. / 公共数据治理与开放平台。"""


def main() -> None:
    """Run a command; what is refused is said in at most three lines, without a trace."""
    try:
        tiaoxi(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except (SettingsError, RulebookError) as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except Refusal as refusal:
        click.echo(refusal.text("zh"), err=True)
        click.echo(refusal.text("en"), err=True)
        sys.exit(1)
    except DBAPIError as error:
        words = " ".join(str(error.orig).split())
        click.echo(f"The database cannot be used / 数据库无法使用: {words[:300]}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "), err=True)
        sys.exit(1)
