"""Commands that serve: the web processes, and web and worker together."""

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from open_portal import settings
from open_portal.app import create_app
from open_portal.cli.setting_up import is_empty, ready_kit, tell_accounts
from open_portal.logs import configure_logs
from open_portal.settings import Settings
from open_portal.wiring import wire

PATIENCE_SECONDS = 120


class Server(BaseApplication):
    """The web server; each of its processes makes its own kit after forking."""

    def __init__(self, chosen: Settings) -> None:
        self.chosen = chosen
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings to the server."""
        values = {
            "bind": f"{self.chosen.host}:{self.chosen.port}",
            "workers": self.chosen.web_workers,
            "threads": self.chosen.web_threads,
            "worker_class": "gthread",
            "timeout": 120,
            "graceful_timeout": 10,
            "loglevel": "warning",
            "limit_request_line": 8190,
            "forwarded_allow_ips": "",
            "control_socket_disable": True,
        }
        for name, value in values.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """The application of one process."""
        return create_app(wire(self.chosen))


@click.command()
def serve() -> None:
    """Start the web server alone. / 仅启动网页服务。"""
    configure_logs()
    Server(settings.read()).run()


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
