"""How much memory a process has used at most while something ran.

Linux keeps the highest resident size of a process and lets the process set it back; elsewhere only the highest
since its start is known, which is then what is told.
"""

import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_OWN = Path("/proc/self")
_RESET_PEAK = "5"
_MIB = 2**20


@contextmanager
def measured() -> Iterator[Callable[[], float]]:
    """While the block lasts the peak is this block's; gives what tells it in MiB.

    Two blocks at a time in one process share their memory, and so their peaks.
    """
    try:
        (_OWN / "clear_refs").write_text(_RESET_PEAK, "ascii")
    except OSError:
        yield _since_start
        return
    yield own


def own() -> float:
    """The highest resident size of this process in MiB."""
    return of(_OWN) or _since_start()


def of(process: Path) -> float:
    """The highest resident size in MiB of a process by its folder in /proc; 0 when it can't be told."""
    try:
        lines = (process / "status").read_text("ascii", errors="replace").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def _since_start() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MIB if sys.platform == "darwin" else peak / 1024


def descendants(process: int) -> Iterator[Path]:
    """The folders in /proc of all processes which a process has started, and of those they have."""
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = listed.read_text("ascii").split()
        except OSError:
            continue
        for child in children:
            yield Path("/proc") / child
            yield from descendants(int(child))
