"""Quarantine: random names, private, parts that join on or change nothing, a full disk, orphans swept."""

import hashlib
import io
import random
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.quarantine import NAME, Quarantine, Waiting
from policies.refusals import Invalid, NotFound, Refused, Stale

SOON = datetime(2100, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
CONTENT = random.Random(7).randbytes(3_000_000)  # noqa: S311 - any bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "quarantine"


@pytest.fixture
def quarantine(folder: Path) -> Quarantine:
    return Quarantine(folder, reserve=0)


def part(quarantine: Quarantine, content: bytes) -> Waiting:
    return quarantine.take(io.BytesIO(content), limit=len(content))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file of this process may grow beyond a size: writing stops in the middle, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_waits_whole_private_and_under_a_random_name(quarantine: Quarantine, folder: Path) -> None:
    one, two = part(quarantine, CONTENT), part(quarantine, CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert (one.size, one.sha256) == (len(CONTENT), digest)
    assert one.name != two.name
    assert all(NAME.fullmatch(name) and name not in digest for name in names(folder))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert quarantine.path(one.name).stat().st_mode & 0o777 == 0o600
    with quarantine.open(one.name) as file:
        assert file.read() == CONTENT


def test_too_large_leaves_nothing(quarantine: Quarantine, folder: Path) -> None:
    with pytest.raises(Invalid, match=r"10 B"):
        quarantine.take(io.BytesIO(b"x" * 11), limit=10)
    assert names(folder) == []


def test_what_is_not_kept_never_was(quarantine: Quarantine, folder: Path) -> None:
    arrival = quarantine.arrive()
    arrival.write(b"half")
    assert len(names(folder)) == 1
    arrival.close()
    assert names(folder) == []


def test_parts_are_joined(quarantine: Quarantine) -> None:
    name, reached = quarantine.begin(), 0
    for start in range(0, len(CONTENT), 700_000):
        reached = quarantine.append(name, reached, start, part(quarantine, CONTENT[start : start + 700_000]))
    assert reached == len(CONTENT)
    assert quarantine.measure(name, reached).sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_part_that_is_there_changes_nothing(quarantine: Quarantine) -> None:
    name = quarantine.begin()
    first = part(quarantine, b"0123456789")
    assert quarantine.append(name, 0, 0, first) == 10
    assert quarantine.append(name, 10, 0, first) == 10
    assert quarantine.append(name, 10, 3, part(quarantine, b"3456")) == 10
    assert quarantine.append(name, 10, 10, part(quarantine, b"")) == 10
    assert quarantine.path(name).read_bytes() == b"0123456789"


@pytest.mark.parametrize(("offset", "content"), [(0, b"other text"), (5, b"567890"), (11, b"x"), (3, b"nope")])
def test_a_part_that_does_not_join_on_is_told_where_to_begin(
    quarantine: Quarantine, offset: int, content: bytes
) -> None:
    name = quarantine.begin()
    quarantine.append(name, 0, 0, part(quarantine, b"0123456789"))
    with pytest.raises(Stale) as told:
        quarantine.append(name, 10, offset, part(quarantine, content))
    assert told.value.params["offset"] == 10
    assert quarantine.path(name).read_bytes() == b"0123456789"


def test_what_a_killed_process_wrote_is_cut_off(quarantine: Quarantine) -> None:
    name = quarantine.begin()
    with quarantine.path(name).open("wb") as file:
        file.write(b"sure and unsure")
    assert quarantine.append(name, 4, 4, part(quarantine, b"ly")) == 6
    assert quarantine.path(name).read_bytes() == b"surely"
    assert quarantine.measure(name, 4).size == 4


def test_one_at_a_time(quarantine: Quarantine) -> None:
    name, refused = quarantine.begin(), []

    def other() -> None:
        try:
            with quarantine.held(name):
                pass
        except Refused as refusal:
            refused.append(refusal.code)

    with quarantine.held(name):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert refused == ["upload.busy"]
    with quarantine.held(name):
        pass


def test_no_room_to_spare_means_nothing_is_taken(folder: Path) -> None:
    quarantine = Quarantine(folder, reserve=1 << 60)
    with pytest.raises(Refused, match="存储空间不足"):
        part(quarantine, b"x")
    assert names(folder) == []


def test_a_disk_that_fills_up_leaves_nothing_half_made(quarantine: Quarantine, folder: Path) -> None:
    name = quarantine.begin()
    quarantine.append(name, 0, 0, part(quarantine, CONTENT[:400_000]))
    waiting = part(quarantine, CONTENT[400_000:900_000])
    before = names(folder)
    with files_of_at_most(600_000):
        with pytest.raises(Refused, match="存储空间不足"):
            quarantine.take(io.BytesIO(CONTENT), limit=len(CONTENT))
        with pytest.raises(Refused, match="存储空间不足"):
            quarantine.append(name, 400_000, 400_000, waiting)
    assert names(folder) == before
    assert quarantine.path(name).read_bytes() == CONTENT[:400_000]
    assert quarantine.append(name, 400_000, 400_000, waiting) == 900_000


def test_names_from_outside_are_no_paths(quarantine: Quarantine, folder: Path) -> None:
    (folder.parent / "secret").write_text("x")
    for name in ("../secret", "/etc/passwd", "", ".", "a" * 64):
        with pytest.raises(NotFound):
            quarantine.path(name)
        quarantine.erase(name)
    assert (folder.parent / "secret").exists()


def test_erased_is_gone_and_twice_is_no_error(quarantine: Quarantine, folder: Path) -> None:
    one = part(quarantine, b"x")
    quarantine.erase(one.name)
    quarantine.erase(one.name)
    assert names(folder) == []
    with pytest.raises(NotFound, match="不在隔离区"):
        quarantine.open(one.name)


def test_orphans_are_swept_by_age(quarantine: Quarantine, folder: Path) -> None:
    known, orphan = part(quarantine, b"known"), part(quarantine, b"orphan")
    assert quarantine.sweep({known.name}, LONG_AGO) == ()
    assert quarantine.sweep({known.name}, SOON) == (orphan.name,)
    assert names(folder) == [known.name]


def test_a_killed_process_leaves_only_what_the_sweep_takes(quarantine: Quarantine, folder: Path) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom catalog.quarantine import Quarantine\n"
        "arrival = Quarantine(Path(sys.argv[1]), reserve=0).arrive()\n"
        "arrival.write(b'x' * 3_000_000)\narrival.flush()\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run([sys.executable, "-c", code, str(folder)], cwd=root, check=False)
    assert ended.returncode == -9
    assert len(names(folder)) == 1
    assert (folder / names(folder)[0]).stat().st_size == 3_000_000
    quarantine.sweep(set(), SOON)
    assert names(folder) == []
