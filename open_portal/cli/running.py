"""The command that runs everything: set-up, demonstration, web and worker together."""

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import click

from open_portal import settings
from open_portal.cli.setting_up import is_empty, ready_kit, tell_accounts
from open_portal.settings import Settings

PATIENCE_SECONDS = 120


@click.command()
def run() -> None:
    """Set up, load the demonstration if the database is empty, start web and worker. / 一键启动。"""
    chosen = settings.read()
    tiaoxi = [sys.executable, "-m", "open_portal"]
    kit = ready_kit()
    empty = is_empty(kit)
    kit.database.close()
    if chosen.demo and empty:
        subprocess.run([*tiaoxi, "demo"], check=True)  # noqa: S603
    children = [subprocess.Popen([*tiaoxi, name]) for name in ("serve", "worker")]  # noqa: S603
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        if wait_until_healthy(chosen, children):
            tell_accounts(chosen.address, demo=chosen.demo)
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
    except KeyboardInterrupt:
        pass
    finally:
        stop(children)


def wait_until_healthy(chosen: Settings, children: list[subprocess.Popen[bytes]]) -> bool:
    """Wait until the portal answers that it is well, or a process has ended."""
    url = f"http://{chosen.host}:{chosen.port}/healthz"
    for _ in range(PATIENCE_SECONDS * 5):
        if any(child.poll() is not None for child in children):
            return False
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.2)
    return False


def stop(children: list[subprocess.Popen[bytes]]) -> None:
    """Ask every process to end and wait for it."""
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    for child in children:
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            child.kill()
