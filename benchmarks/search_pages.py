"""Pages of the product's web server, started on the loopback interface and asked twenty times a second."""

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks import search_home

RATE = 20.0
SECONDS = 20.0
WARM = 60
PATIENCE = 60.0
HOST = "127.0.0.1"

Asked = Sequence[tuple[str, Mapping[str, Sequence[str]]]]


def measure(home: Path, asked: Asked) -> dict[str, Any]:
    """Milliseconds of pages, each from the instant at which it should have been asked for."""
    port = free_port()
    environment = {**os.environ, **search_home.environment(home, port)}
    order = [sys.executable, "-m", "open_portal", "serve"]
    with subprocess.Popen(order, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:  # noqa: S603
        try:
            wait(port)
            for text, ticked in asked[:WARM]:
                fetch(port, text, ticked)
            spent = drive(port, asked[WARM:])
        finally:
            server.terminate()
    ordered = sorted(spent)
    return {
        "p50": 1000 * ordered[len(ordered) // 2],
        "p95": 1000 * ordered[int(len(ordered) * 0.95)],
        "count": len(ordered),
    }


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def wait(port: int) -> None:
    """Until the server is well; raises TimeoutError."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if _get(port, "/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError("the server did not start")


def fetch(port: int, text: str, ticked: Mapping[str, Sequence[str]]) -> None:
    """One page of the search; raises ValueError unless it is well."""
    pairs = [("q", text), *((name, value) for name, values in ticked.items() for value in values)]
    status, body = _get(port, "/datasets?" + urlencode(pairs))
    if status != 200 or b"</html>" not in body:
        raise ValueError(f"{status} for {pairs}")


def drive(port: int, asked: Asked) -> list[float]:
    """Ask at fixed instants, whether or not earlier answers have come; seconds of each."""
    spent: list[float] = []
    faults: list[Exception] = []
    threads = []
    began = time.perf_counter()

    def one(due: float, text: str, ticked: Mapping[str, Sequence[str]]) -> None:
        try:
            fetch(port, text, ticked)
            spent.append(time.perf_counter() - due)
        except (OSError, ValueError, http.client.HTTPException) as fault:
            faults.append(fault)

    for at, (text, ticked) in enumerate(asked[: int(RATE * SECONDS)]):
        due = began + at / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        thread = threading.Thread(target=one, args=(due, text, ticked))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join(PATIENCE)
    if faults:
        raise faults[0]
    return spent


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
