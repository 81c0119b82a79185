"""Real programs that are called: a receiver on this machine that keeps what it got and answers as it is told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from open_portal import handlers
from open_portal.wiring import Kit
from tenancy import jobs, outbound_targets, work
from tenancy.actors import SYSTEM


@dataclass
class Receiver:
    """What came in: headers and bodies; `status` is what is answered."""

    port: int = 0
    status: int = 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook?a=b"


@contextmanager
def listening() -> Iterator[Receiver]:
    """A receiver that lives as long as the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def allow(kit: Kit, cast: Any, receiver: Receiver) -> None:
    """Let the security administrator put the receiver on the list."""
    with work.begin(kit.database, cast.security_admin, kit.clock()) as unit:
        outbound_targets.allow(unit, host="127.0.0.1", port=receiver.port, reason="内部接收程序")


def run_jobs(kit: Kit, *kinds: str) -> int:
    """Do every job of some kinds that is ready, as a worker would; how many there were."""
    count = 0
    while True:
        with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
            claim = jobs.claim(unit.session, "test", kit.clock())
        if claim is None:
            return count
        if claim.kind in kinds:
            handlers.HANDLERS[claim.kind](kit, claim.payload)
            count += 1
        with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
            jobs.finish(unit.session, claim, "test", kit.clock())
