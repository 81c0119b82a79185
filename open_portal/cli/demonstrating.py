"""The command that loads the demonstration."""

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from open_portal.cli.setting_up import is_empty, ready_kit
from open_portal.demonstration import loading


@click.command()
def demo() -> None:
    """Load the demonstration into an empty database. / 向空数据库载入演示数据。"""
    kit = ready_kit()
    if not is_empty(kit.database):
        raise click.ClickException("The database is not empty. / 数据库不为空。")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=None)
        loading.load(kit, lambda text: progress.update(task, description=text))
