"""The command that works: one worker process."""

import click

from open_portal import settings
from open_portal.logs import configure_logs
from open_portal.settings import Settings
from open_portal.wiring import wire
from open_portal.worker import Worker


@click.command()
def worker() -> None:
    """Start a worker. / 启动后台任务进程。"""
    start(settings.read())


def start(chosen: Settings) -> None:
    """Work until told to stop."""
    configure_logs()
    Worker(wire(chosen)).run()
