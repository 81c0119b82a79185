"""The command that runs everything: set-up, demonstration, web and worker together."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING

import click

from open_portal import settings
from open_portal.cli.setting_up import is_empty, ready, tell_accounts
from open_portal.settings import Settings
from policies.later import Later
from tenancy import database

if TYPE_CHECKING:
    from open_portal.cli import serving, working
else:
    serving, working = Later("open_portal.cli.serving"), Later("open_portal.cli.working")

PATIENCE_SECONDS = 120
FORK = multiprocessing.get_context("fork")


@click.command()
def run() -> None:
    """Set up, load the demonstration if the database is empty, start web and worker. / 一键启动。"""
    chosen = settings.read()
    empty = prepare(chosen)
    if chosen.demo and empty:
        done = subprocess.run([sys.executable, "-m", "open_portal", "demo"], check=False)
        if done.returncode:
            raise click.ClickException(
                f"The demonstration was not loaded whole; remove {chosen.home} and start again. / "
                f"演示数据未完整载入；请删除 {chosen.home} 后重新启动。"
            )
    stopping = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: stopping.set())
    children = [start(work), start(serve)]
    try:
        if wait_until_healthy(chosen, children, stopping):
            tell_accounts(chosen.address, demo=chosen.demo)
        while all(child.is_alive() for child in children) and not stopping.wait(0.5):
            pass
    finally:
        stop(children)
    if not stopping.is_set():
        raise click.ClickException(
            "A process ended by itself; its last words stand above. / 有进程意外退出，原因见上。"
        )


def prepare(chosen: Settings) -> bool:
    """Bring the database up to date, with nothing opened that would not outlive a fork; whether it is empty."""
    chosen.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened = database.connect(chosen.database_url)
    ready(opened)
    empty = is_empty(opened)
    opened.close()
    return empty


def serve() -> None:
    """Be the web server."""
    serving.start(settings.read())


def work() -> None:
    """Be the worker."""
    working.start(settings.read())


def start(task: Callable[[], None]) -> BaseProcess:
    """Begin a task in a process of its own, which has all that this one has loaded already.

    It gets a session of its own too, so that Ctrl-C reaches it through us alone and all end in order.
    """

    def alone() -> None:
        os.setsid()
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, signal.SIG_DFL)
        task()

    child = FORK.Process(target=alone, name=task.__name__)
    child.start()
    return child


def wait_until_healthy(chosen: Settings, children: Sequence[BaseProcess], stopping: threading.Event) -> bool:
    """Wait until the portal answers that it is well, a process has ended, or somebody wants to stop."""
    url = f"http://{chosen.host}:{chosen.port}/healthz"
    for _ in range(PATIENCE_SECONDS * 5):
        if not all(child.is_alive() for child in children):
            return False
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            pass
        if stopping.wait(0.2):
            return False
    return False


def stop(children: Sequence[BaseProcess]) -> None:
    """Ask every process to end and wait for it."""
    for child in children:
        if child.is_alive():
            child.terminate()
    for child in children:
        child.join(15)
        if child.is_alive():
            child.kill()
            child.join()
