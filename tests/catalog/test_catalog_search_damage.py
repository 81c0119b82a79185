"""The index folder is removed or damaged while processes use it: the next answer is right, the index whole again."""

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from catalog import changes, search
from catalog.models import Entry
from catalog.search import Index, Query
from policies import vocabulary as v
from tenancy import work
from tenancy.actors import ANONYMOUS, SYSTEM
from tenancy.database import Database


class Copies:
    """A catalogue of three entries, and two processes' ways into one index folder."""

    def __init__(self, db: Database, cast: Any, now: datetime, maker: Callable[..., Entry], folder: Path) -> None:
        self.db, self.now, self.folder = db, now, folder
        with work.begin(db, SYSTEM, now) as deed:
            tenant = deed.session.merge(cast.department)
            self.ids = [maker(deed, tenant, title).id for title in ("公交线路", "公交站点", "学校名录")]
        self.first, self.second = Index.open(folder), Index.open(folder)
        assert self.ask(self.first) == self.ask(self.second) == ["公交站点", "公交线路"]

    def ask(self, index: Index, text: str = "公交") -> list[str]:
        """The titles found, and that totals and facets agree with them."""
        with self.db.read() as session:
            found = search.find(index, session, ANONYMOUS, self.now, Query(text))
            titles = sorted(entry.title for entry in found.entries)
        assert found.total == len(titles) == sum(count for _, count in found.facets["tier"])
        return titles

    def hide(self, number: int) -> None:
        """Suspend an entry."""
        with work.begin(self.db, SYSTEM, self.now) as deed:
            entry = deed.session.get_one(Entry, self.ids[number])
            entry.state = v.EntryState.SUSPENDED
            changes.note(deed, entry, "entry.suspended")

    @property
    def place(self) -> Path:
        """The folder of the present shape."""
        return next(self.folder.glob("shape-*"))


@pytest.fixture
def copies(db: Database, cast: Any, now: datetime, maker: Callable[..., Entry], tmp_path: Path) -> Copies:
    """Two open indexes on one folder."""
    return Copies(db, cast, now, maker, tmp_path / "index")


def whole(folder: Path) -> None:
    """Remove everything."""
    shutil.rmtree(folder)


def lists(folder: Path) -> None:
    """Spoil the list of files."""
    (folder / "meta.json").write_text('{"segments": [')


def emptied(folder: Path) -> None:
    """Empty the folder but leave it."""
    for one in folder.iterdir():
        one.unlink()


def cut(suffix: str) -> Callable[[Path], None]:
    """Cut the end off the files of one kind."""

    def truncate(folder: Path) -> None:
        for one in folder.glob(f"*.{suffix}"):
            os.truncate(one, one.stat().st_size // 2)

    return truncate


def gone(folder: Path) -> None:
    """Take one file of a segment away."""
    next(folder.glob("*.term")).unlink()


WAYS = [whole, lists, emptied, gone, *(cut(suffix) for suffix in ("idx", "term", "fast", "store", "pos"))]


def test_whatever_happens_to_the_folder_the_next_answer_is_right(copies: Copies) -> None:
    for number, harm in enumerate(WAYS):
        harm(copies.place)
        one, other = (copies.first, copies.second) if number % 2 else (copies.second, copies.first)
        assert copies.ask(one) == ["公交站点", "公交线路"], number
        assert copies.ask(other) == ["公交站点", "公交线路"], number
        assert search.verify(one, copies.db).none
    assert len(list(copies.folder.glob("damaged-*"))) <= 1, "one copy is kept to look at, not every one"


def test_what_was_suspended_meanwhile_does_not_come_back(copies: Copies) -> None:
    whole(copies.place)
    copies.hide(0)
    assert copies.ask(copies.first) == ["公交站点"]
    lists(copies.place)
    copies.hide(1)
    assert copies.ask(copies.second) == copies.ask(copies.first) == []
    assert copies.ask(Index.open(copies.folder), "学校") == ["学校名录"]


def test_changed_bytes_are_found_and_mended(copies: Copies) -> None:
    file = next(copies.place.glob("*.idx"))
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 0xFF
    file.write_bytes(content)
    assert copies.first.mend()
    assert not copies.first.mend()
    assert copies.ask(copies.first) == copies.ask(copies.second) == ["公交站点", "公交线路"]
