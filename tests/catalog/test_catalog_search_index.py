"""The index follows the catalogue: behind, damaged or killed, it neither leaks nor brings anything back."""

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from catalog import changes, search, search_index
from catalog.models import CatalogChange, Entry
from catalog.search import Index, Query
from catalog.search_marks import Mark
from policies import vocabulary as v
from tenancy import tenants, work
from tenancy.actors import ANONYMOUS, SYSTEM, Actor, Standing
from tenancy.database import Database
from tenancy.models import Tenant

ROOT = Path(__file__).parents[2]


class Catalogue:
    """A database with some entries, and the ways to change and to search them."""

    def __init__(self, db: Database, cast: Any, now: Any, maker: Any, folder: Path) -> None:
        self.db, self.cast, self.now, self.maker, self.folder = db, cast, now, maker, folder
        self.index = Index.open(folder)

    def make(self, title: str, tenant: Tenant | None = None, **values: Any) -> str:
        with work.begin(self.db, SYSTEM, self.now) as deed:
            owner = deed.session.merge(tenant or self.cast.department)
            return str(self.maker(deed, owner, title, **values).id)

    def change(self, entry_id: str, **values: Any) -> None:
        with work.begin(self.db, SYSTEM, self.now) as deed:
            entry = deed.session.get_one(Entry, entry_id)
            for name, value in values.items():
                setattr(entry, name, value)
            changes.note(deed, entry, "entry.changed")

    def find(self, actor: Actor = ANONYMOUS, index: Index | None = None, **asked: Any) -> tuple[list[str], int, int]:
        """Titles in order of titles, the total, and the sum of a facet that every entry has once."""
        query = Query(sort=search.Sort.TITLE, **asked)
        with self.db.read() as session:
            found = search.find(index or self.index, session, actor, self.now, query)
            titles = [entry.title for entry in found.entries]
        return titles, found.total, sum(count for _, count in found.facets["tier"])

    def catch_up(self, index: Index | None = None) -> int:
        return search.catch_up(index or self.index, self.db)

    def same(self) -> bool:
        return search.verify(Index.open(self.folder), self.db).none


@pytest.fixture
def catalogue(db: Database, cast: Any, now: Any, maker: Any, tmp_path: Path) -> Catalogue:
    return Catalogue(db, cast, now, maker, tmp_path / "index")


def test_an_empty_folder_is_filled_by_the_first_question(catalogue: Catalogue) -> None:
    assert catalogue.find() == ([], 0, 0)
    catalogue.make("甲")
    assert catalogue.find() == (["甲"], 1, 1)
    assert catalogue.find(index=Index.open(catalogue.folder.parent / "other")) == (["甲"], 1, 1)


def test_catching_up_reads_only_what_changed(catalogue: Catalogue) -> None:
    first, _ = catalogue.make("甲"), catalogue.make("乙")
    assert catalogue.catch_up() == 2
    assert catalogue.catch_up() == 0
    catalogue.change(first, title="丙")
    catalogue.change(first, abstract="再改")
    with catalogue.db.read() as session:
        assert search.lag(catalogue.index, session) == 2
    assert catalogue.catch_up() == 1
    with catalogue.db.read() as session:
        assert search.lag(catalogue.index, session) == 0
    assert catalogue.find(text="丙")[0] == ["丙"]
    assert catalogue.find(text="甲")[0] == []
    assert catalogue.same()


def test_what_was_suspended_or_deleted_is_gone_with_the_next_question(catalogue: Catalogue) -> None:
    first, second, _ = (catalogue.make(title) for title in "甲乙丙")
    assert catalogue.find() == (["丙", "甲", "乙"], 3, 3)
    catalogue.change(first, state=v.EntryState.SUSPENDED)
    catalogue.change(second, state=v.EntryState.DELETED)
    assert catalogue.find() == (["丙"], 1, 1)
    assert catalogue.find(catalogue.cast.steward) == (["丙", "甲"], 2, 2)
    assert catalogue.same()


def test_while_another_process_writes_changed_entries_are_left_out(catalogue: Catalogue) -> None:
    first, second = catalogue.make("甲"), catalogue.make("乙")
    catalogue.catch_up()
    with Index.open(catalogue.folder).writing():
        catalogue.change(first, state=v.EntryState.SUSPENDED)
        catalogue.change(second, title="丁")
        catalogue.make("戊")
        assert catalogue.find() == ([], 0, 0)
        with catalogue.db.read() as session:
            assert search.suggest(catalogue.index, session, ANONYMOUS, catalogue.now, "甲").entries == ()
        assert catalogue.catch_up() == 0
    assert catalogue.find() == (["丁", "戊"], 2, 2)


def test_a_state_that_no_change_tells_of_cannot_leak(catalogue: Catalogue) -> None:
    hidden, _ = catalogue.make("甲"), catalogue.make("乙")
    catalogue.catch_up()
    with catalogue.db.write() as session:
        session.execute(update(Entry).where(Entry.id == hidden).values(state=v.EntryState.SUSPENDED))
        session.commit()
    assert catalogue.find() == (["乙"], 1, 1)
    assert not catalogue.same()


def test_a_moved_tenant_takes_its_drafts_along_at_once(catalogue: Catalogue) -> None:
    county = catalogue.cast.county
    standing = Standing(v.Role.TENANT_ADMIN, county.id, (county.id, catalogue.cast.city.id), county.kind)
    admin = Actor("person", "p-1", standings=(standing,))
    catalogue.make("草稿", state=v.EntryState.DRAFT, open_state=v.OpenState.NOT_OPEN)
    assert catalogue.find(admin) == ([], 0, 0)
    assert catalogue.find(admin, scope=county.id) == ([], 0, 0)
    with work.begin(catalogue.db, SYSTEM, catalogue.now) as deed:
        moved = deed.session.get_one(Tenant, catalogue.cast.department.id)
        tenants.move(deed, moved, deed.session.get_one(Tenant, county.id), on=catalogue.now.date())
    assert catalogue.find(admin) == (["草稿"], 1, 1)
    assert catalogue.find(admin, scope=county.id) == (["草稿"], 1, 1)
    with work.begin(catalogue.db, SYSTEM, catalogue.now) as deed:
        moved = deed.session.get_one(Tenant, catalogue.cast.department.id)
        city = deed.session.get_one(Tenant, catalogue.cast.city.id)
        tenants.move(deed, moved, city, on=catalogue.now.date())
    assert catalogue.find(admin) == ([], 0, 0)


def test_verify_names_every_difference_and_rebuild_mends_them(catalogue: Catalogue) -> None:
    kept, changed, missing = (catalogue.make(title) for title in "甲乙丙")
    catalogue.catch_up()
    with catalogue.index.writing() as writer:
        writer.delete_documents_by_term("id", missing)
    with catalogue.db.write() as session:
        session.execute(update(Entry).where(Entry.id == changed).values(title="丁"))
        session.execute(delete(Entry).where(Entry.id == kept))
        session.commit()
    found = search.verify(catalogue.index, catalogue.db)
    assert (found.missing, found.surplus, found.different) == ((missing,), (kept,), (changed,))
    assert search.rebuild(catalogue.index, catalogue.db) == 2
    assert catalogue.same()
    assert catalogue.find()[0] == ["丙", "丁"]


def test_downloads_are_no_difference(catalogue: Catalogue) -> None:
    entry_id = catalogue.make("甲")
    catalogue.catch_up()
    with catalogue.db.write() as session:
        session.execute(update(Entry).where(Entry.id == entry_id).values(downloads=5))
        session.commit()
    assert catalogue.same()


@pytest.mark.parametrize("mark", [Mark(1, "another history"), Mark(10_000, "a future that was taken back")])
def test_an_index_of_another_history_is_made_anew(catalogue: Catalogue, mark: Mark) -> None:
    first, lost = catalogue.make("甲"), catalogue.make("乙")
    catalogue.catch_up()
    with catalogue.db.write() as session:
        session.execute(delete(Entry).where(Entry.id == lost))
        session.commit()
    with catalogue.index.writing() as writer:
        search_index._set_mark(writer, mark)
    assert catalogue.catch_up() == 1
    assert catalogue.same()
    catalogue.change(first, title="丙")
    assert catalogue.find()[0] == ["丙"]


def test_a_damaged_folder_is_put_aside_and_filled_anew(catalogue: Catalogue) -> None:
    catalogue.make("甲")
    catalogue.catch_up()
    next(catalogue.folder.glob("shape-*/meta.json")).write_text("{")
    again = Index.open(catalogue.folder)
    assert catalogue.find(index=again) == (["甲"], 1, 1)
    assert list(catalogue.folder.glob("damaged-*"))


def test_threads_share_an_index(catalogue: Catalogue) -> None:
    ids = [catalogue.make(f"第{number}") for number in range(6)]
    answers: list[int] = []

    def ask() -> None:
        answers.extend(catalogue.find()[1] for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for entry_id in ids[:3]:
        catalogue.change(entry_id, state=v.EntryState.SUSPENDED)
    for thread in threads:
        thread.join()
    assert len(answers) == 40
    assert set(answers) <= set(range(7))
    assert catalogue.find()[1] == 3
    assert catalogue.same()


PROGRAM = """
import sys, time
from pathlib import Path
from catalog import search
from tenancy import database
url, folder, what = sys.argv[1:]
db = database.connect(url)
index = search.Index.open(Path(folder))
if what == "hang":
    with index.writing() as writer:
        writer.delete_all_documents()
        print("holding", flush=True)
        time.sleep(600)
print("ready", flush=True)
for line in sys.stdin:
    print(search.catch_up(index, db), flush=True)
"""


def start(catalogue: Catalogue, what: str) -> subprocess.Popen[str]:
    url = catalogue.db.engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, url, str(catalogue.folder), what],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline()
    return process


def test_two_processes_share_the_folder(catalogue: Catalogue) -> None:
    entry_id = catalogue.make("甲")
    catalogue.catch_up()
    with start(catalogue, "follow") as other:
        catalogue.change(entry_id, title="乙")
        assert other.stdin
        assert other.stdout
        other.stdin.write("go\n")
        other.stdin.flush()
        assert other.stdout.readline() == "1\n"
        assert catalogue.find() == (["乙"], 1, 1)
        assert catalogue.catch_up() == 0, "the other process has done it"
        other.stdin.close()
    assert catalogue.same()


def test_a_killed_writer_leaves_the_last_commit_and_no_lock(catalogue: Catalogue) -> None:
    entry_id = catalogue.make("甲")
    catalogue.catch_up()
    with start(catalogue, "hang") as other:
        catalogue.change(entry_id, title="乙")
        assert catalogue.find() == ([], 0, 0)
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert catalogue.find() == (["乙"], 1, 1)
    assert catalogue.same()


def test_a_number_that_commits_late_is_not_missed(catalogue: Catalogue) -> None:
    if catalogue.db.is_sqlite:
        pytest.skip("SQLite has one writer at a time, so numbers commit in order")
    late = catalogue.make("甲")
    catalogue.catch_up()
    with work.begin(catalogue.db, SYSTEM, catalogue.now) as slow:
        entry = slow.session.get_one(Entry, late)
        entry.state = v.EntryState.SUSPENDED
        changes.note(slow, entry, "entry.suspended")
        slow.session.flush()
        catalogue.make("乙")
        assert catalogue.find()[0] == ["甲", "乙"]
    assert catalogue.find() == (["乙"], 1, 1)
    assert catalogue.same()


def test_a_number_that_never_commits_is_forgotten(catalogue: Catalogue) -> None:
    if catalogue.db.is_sqlite:
        pytest.skip("SQLite gives a number that was rolled back again")
    first = catalogue.make("甲")
    catalogue.catch_up()
    with catalogue.db.write() as session:
        lost = CatalogChange(at=catalogue.now, actor_id="x", entry_id=first, origin="OWN", what="lost", facts={})
        session.add(lost)
        session.flush()
        session.rollback()
    catalogue.make("乙")
    catalogue.catch_up()
    mark = catalogue.index.view().mark
    assert mark
    assert len(mark.gaps) == 1
    catalogue.make("丙")
    catalogue.catch_up()
    mark = catalogue.index.view().mark
    assert mark
    assert mark.gaps == ()
