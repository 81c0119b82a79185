"""Another process, limited in memory and time, that reads a file of unknown origin in our stead."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import BinaryIO

from policies.refusals import Invalid

SIGNS = (
    "memory allocation",
    "MemoryError",
    "capacity overflow",
    "bad_alloc",
    "malloc of size",
    "realloc",
)
"""What the child's complaint holds when it ran out of memory."""


class LimitedProcess:
    """A program of ours with a file to read; what it says comes from `output`.

    `program` is what Python gets, with the limits that the program is to set itself. It is killed when `seconds` have
    passed.
    """

    def __init__(self, program: Sequence[str], *, seconds: int) -> None:
        self.late = False
        self._child = subprocess.Popen(  # noqa: S603 our own program, no shell, a path of our choosing
            [sys.executable, "-I", *program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"},
        )
        self._errors: list[bytes] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._timer = threading.Timer(seconds, self._kill)
        self._timer.daemon = True
        self._timer.start()

    @property
    def output(self) -> BinaryIO:
        """What the child writes."""
        if self._child.stdout is None:
            raise RuntimeError("the child has no output")
        return self._child.stdout  # type: ignore[return-value]

    def death(self, kind: str) -> Invalid:
        """Why a child has stopped short: what it refused, or the file.<kind>-… of slow, large and broken files."""
        self._child.wait()
        self._listener.join()
        if self.late or self._child.returncode == -signal.SIGXCPU:
            return Invalid(f"file.{kind}-too-slow")
        said = b"".join(self._errors).decode(errors="replace")
        for line in said.splitlines():
            if line.startswith('{"refused": '):
                refused = json.loads(line)
                return Invalid(refused["refused"], **refused["params"])
        return Invalid(f"file.{kind}-{'too-large' if any(sign in said for sign in SIGNS) else 'broken'}")

    def close(self) -> None:
        """Stop the child, if it still runs, and wait for it."""
        self._timer.cancel()
        self._child.kill()
        self._child.wait()
        self._listener.join()
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe is not None:
                pipe.close()

    def _listen(self) -> None:
        """Keep the last of what the child complains about, and never let its pipe fill up."""
        for line in self._child.stderr or ():
            self._errors = [*self._errors[-20:], line[:8000]]

    def _kill(self) -> None:
        self.late = True
        self._child.kill()
