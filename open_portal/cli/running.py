"""The command that runs everything: set-up, demonstration, web and worker together."""

import signal
import subprocess
import sys
import threading
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
        done = subprocess.run([*tiaoxi, "demo"], check=False)  # noqa: S603
        if done.returncode:
            raise click.ClickException(
                f"The demonstration was not loaded whole; remove {chosen.home} and start again. / "
                f"演示数据未完整载入；请删除 {chosen.home} 后重新启动。"
            )
    stopping = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: stopping.set())
    # In a session of their own, so that Ctrl-C reaches them through us alone and both end in order.
    children = [
        subprocess.Popen([*tiaoxi, name], start_new_session=True)  # noqa: S603
        for name in ("serve", "worker")
    ]
    try:
        if wait_until_healthy(chosen, children, stopping):
            tell_accounts(chosen.address, demo=chosen.demo)
        while all(child.poll() is None for child in children) and not stopping.wait(0.5):
            pass
    finally:
        stop(children)
    if not stopping.is_set():
        raise click.ClickException(
            "A process ended by itself; its last words stand above. / 有进程意外退出，原因见上。"
        )


def wait_until_healthy(chosen: Settings, children: list[subprocess.Popen[bytes]], stopping: threading.Event) -> bool:
    """Wait until the portal answers that it is well, a process has ended, or somebody wants to stop."""
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
        if stopping.wait(0.2):
            return False
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
