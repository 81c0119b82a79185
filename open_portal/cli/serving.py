"""The command that serves: the web processes alone, with nothing loaded that they don't need."""

import threading
from importlib import import_module
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from catalog import words
from open_portal import settings
from open_portal.app import create_app
from open_portal.logs import configure_logs
from open_portal.settings import Settings
from open_portal.wiring import wire

WARM_UP_AFTER = 3.0
"""Seconds after its start in which a process first answers what is asked of it."""


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
            "post_worker_init": warm_up,
        }
        for name, value in values.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """The application of one process."""
        return create_app(wire(self.chosen))


def warm_up(_worker: object) -> None:
    """Load what the first search, table or download would have to wait for, once the first pages are out."""
    timer = threading.Timer(WARM_UP_AFTER, load_later)
    timer.daemon = True
    timer.start()


def load_later() -> None:
    """Touch each library that pages load when they first need it."""
    words.spoken("数据")
    for name in ("pyarrow.compute", "pyarrow.parquet", "duckdb", "catalog.mapping.dcat", "xlsxwriter"):
        import_module(name)


@click.command()
def serve() -> None:
    """Start the web server alone. / 仅启动网页服务。"""
    start(settings.read())


def start(chosen: Settings) -> None:
    """Serve until told to stop."""
    configure_logs()
    Server(chosen).run()
