"""Scanning: what is stopped and told, what is a finding, what is stored; a lost file; everything may be repeated."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from catalog import blobs, scanning, uploads
from catalog.blobs import BlobStore
from catalog.models import Entry, Version
from catalog.quarantine import Quarantine
from catalog.reading_files import looking
from catalog.reading_files.shapes import FileKind, Glance, GlanceRow, Layout
from catalog.scanning import Clean, Stopped
from policies import vocabulary as v
from policies.refusals import NotFound
from tenancy import work
from tenancy.actors import SYSTEM
from tenancy.database import Database
from tenancy.models import Membership, Person
from tenancy.records import AuditLine, Notice
from tenancy.types import new_id

SECRET = "某项工程的方案"


def rows(*lines: tuple[str, ...]) -> tuple[GlanceRow, ...]:
    """Rows of a first look: the role, then the cells."""
    return tuple(GlanceRow(number, cells[1:], cells[0]) for number, cells in enumerate(lines, 1))


def glance(*lines: tuple[str, ...], sheet: str | None = None, **more: Any) -> Glance:
    return Glance(FileKind("xlsx"), Layout(sheet=sheet), plain=False, rows=rows(*lines), **more)


def records(*lines: str, kind: str = "json") -> Glance:
    return Glance(FileKind(kind, "utf-8"), Layout(), plain=True, rows=(), heads={"": lines})


PLAIN = (("heading", "编号", "名称", "密级"), ("data", "1", "一号桥", "公开"))
STOPPED = (
    ("name", "机密_桥梁.xlsx", glance(*PLAIN)),
    ("name", "桥梁（内部资料）.csv", glance(*PLAIN)),
    ("name", "机密★10年.csv", glance(*PLAIN)),
    ("properties", "桥梁.xlsx", glance(*PLAIN, properties={"title": "桥梁", "category": "秘密"})),
    ("properties", "桥梁.xlsx", glance(*PLAIN, properties={"密级": "机密"})),
    ("properties", "桥梁.xlsx", glance(*PLAIN, properties={"keywords": "机密★长期"})),
    ("heading", "桥梁.xlsx", glance(("title", "机密★10年"), *PLAIN)),
    ("heading", "桥梁.xlsx", glance(("title", "桥梁台账", "", "机 密"), *PLAIN[:0], ("title", "内部资料"), *PLAIN)),
    ("heading", "桥梁.xlsx", glance(("title", "密级", "机密"), *PLAIN)),
    ("heading", "桥梁.xlsx", glance(("unit", "填报单位：交通局", "密级：秘密"), *PLAIN)),
    ("heading", "桥梁.xlsx", glance(("heading", "编号", "名称（机密★5年）"))),
    ("heading", "桥梁.xlsx", glance(*PLAIN, sheet="一", heads={"一": ("编号\t名称",), "二": ("机密★", "编号\t名称")})),
    ("heading", "桥梁.json", records('{"title": "台账", "密级": "机密",', '"data": [{"a": 1}]}')),
    ("heading", "桥梁.json", records('{"title": "机密★10年 台账", "data": [')),
    ("heading", "桥梁.txt", glance(heads={"": ("内部资料", "其他")})),
    ("heading", "桥梁.xlsx", glance(*PLAIN, sheet=None, heads={"一": ("编号\t名称",), "二": ("机密", "编号\t名称")})),
)
CLEAN = (
    ("桥梁.xlsx", glance(*PLAIN)),
    ("涉密人员管理办法.xlsx", glance(*PLAIN)),
    ("桥梁.xlsx", glance(("heading", "年份", "绝密", "机密", "秘密"), ("data", "2025", "0", "2", "5"))),
    ("公开年报.xlsx", glance(("heading", "类别", "不予公开"), ("data", "商业秘密", "3"))),
    ("桥梁.xlsx", glance(*PLAIN, properties={"creator": "张三", "title": "桥梁台账"})),
    ("桥梁.xlsx", glance(*PLAIN, ("data", "2", "二号桥", "机密"))),
    ("桥梁.xlsx", glance(*PLAIN, sheet="一", heads={"一": ("机密",), "二": ("编号\t密级", "1\t机密", "机密")})),
    ("桥梁.xlsx", glance(*PLAIN, sheet="一", heads={"一": ("机密",), "字典": ("绝密", "机密", "秘密")})),
    ("桥梁.xlsx", glance(*PLAIN, sheet=None, heads={"一": ("机密",), "空": ()})),
    ("桥梁.jsonl", records('{"名称": "机密"}', '{"密级": "机密"}', kind="jsonl")),
    ("桥梁.json", records('[{"密级": "机密"}, {"密级": "机密"}]')),
    ("桥梁.geojson", records('{"type": "FeatureCollection", "name": "机密计算", "features": [{"密级": "机密"}]}')),
)


@pytest.mark.parametrize(("where", "filename", "seen"), STOPPED)
def test_a_marking_where_people_read_it_first_stops_the_file(where: str, filename: str, seen: Glance) -> None:
    found = scanning.judge(seen, filename)
    assert isinstance(found, Stopped)
    assert found.where == where


@pytest.mark.parametrize(("filename", "seen"), CLEAN)
def test_columns_and_values_that_tell_levels_stop_nothing(filename: str, seen: Glance) -> None:
    assert scanning.judge(seen, filename) == Clean(())


def test_a_marking_in_a_cell_is_a_finding() -> None:
    seen = glance(*PLAIN, ("data", "2", "机密★10年", "公开"), ("data", "3", "三号桥", "机密★"), ("note", "内部资料"))
    found = scanning.judge(seen, "桥梁.xlsx")
    assert isinstance(found, Clean)
    assert [(one.row, one.column, one.marking.text) for one in found.findings] == [
        (3, "名称", "机密★10年"),
        (4, "密级", "机密★"),
        (5, "编号", "内部资料"),
    ]


def test_markings_in_the_cells_of_a_table(tmp_path: Path) -> None:
    table = pa.table(
        {
            "编号": [1, 2, 3],
            "名称": ["机密计算", "机密★10年", "秘密★"],
            "密级": ["机密", None, "绝密"],
            "备注": [None, None, "内部资料"],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=1)
    found = scanning.marked_cells(tmp_path / "t.parquet")
    assert [(one.column, one.row, one.marking.text) for one in found] == [
        ("名称", 2, "机密★10年"),
        ("备注", 3, "内部资料"),
    ]


class Yard:
    """Quarantine and store side by side, and a version that waits between them."""

    def __init__(self, db: Database, cast: Any, now: datetime, folder: Path, entry_id: str) -> None:
        self.db, self.cast, self.now, self.entry_id = db, cast, now, entry_id
        self.scratch = folder
        self.quarantine = Quarantine(folder / "quarantine", reserve=0)
        self.blobs: BlobStore = blobs.open_store(str(folder / "store"), reserve=0)

    def see(self, path: Path, filename: str) -> Glance:
        return looking.first_sight(self.scratch, path, filename)

    def deliver(self, content: bytes, filename: str) -> str:
        file = self.quarantine.take(io.BytesIO(content), limit=1_000_000)
        with work.begin(self.db, self.cast.steward, self.now) as deed:
            uploads.receive(deed, deed.session.get_one(Entry, self.entry_id), file, filename)
            return deed.session.scalars(select(Version.id).where(Version.quarantined == file.name)).one()

    def scan(self, version_id: str) -> scanning.Plan | None:
        with self.db.read() as session:
            plan = scanning.gather(session, version_id)
        if plan is None:
            return None
        if not plan.judged:
            found = scanning.act(plan, self.quarantine, self.blobs, self.see)
            for _time in range(2):
                with work.begin(self.db, SYSTEM, self.now) as unit:
                    scanning.record(unit, plan, found)
        self.quarantine.erase(plan.name)
        with work.begin(self.db, SYSTEM, self.now) as unit:
            scanning.forget(unit, plan)
        return plan

    def version(self, version_id: str) -> Version:
        with self.db.read() as session:
            return session.get_one(Version, version_id)


@pytest.fixture
def yard(db: Database, cast: Any, now: datetime, maker: Callable[..., Entry], tmp_path: Path) -> Yard:
    with work.begin(db, cast.steward, now) as deed:
        entry_id = maker(deed, deed.session.merge(cast.department), "桥梁").id
    return Yard(db, cast, now, tmp_path, entry_id)


def test_a_clean_file_goes_into_the_store_and_leaves_quarantine(yard: Yard) -> None:
    content = "编号,名称\n1,一号桥\n2,机密★10年\n".encode()
    version_id = yard.deliver(content, "桥梁.csv")
    plan = yard.scan(version_id)
    version = yard.version(version_id)
    assert plan is not None
    assert (version.state, version.quarantined) == (v.VersionState.RECEIVED, None)
    assert version.account is not None
    assert [one["marking"] for one in version.account["markings"]] == ["机密★10年"]
    with yard.blobs.open(version.original.sha256) as file:
        assert file.read() == content
    with pytest.raises(NotFound):
        yard.quarantine.path(plan.name)
    assert yard.scan(version_id) is None


def test_a_marked_file_is_erased_and_told_without_its_content(yard: Yard, tmp_path: Path) -> None:
    with work.begin(yard.db, SYSTEM, yard.now) as deed:
        person = Person(id=new_id(), login="own-guard", name="guard", verified_at=yard.now, created_at=yard.now)
        place = {"tenant_id": yard.cast.department.id, "role": v.Role.SECURITY_ADMIN, "granted_at": yard.now}
        person.memberships = [Membership(id=new_id(), **place)]
        deed.session.add(person)
        guard = person.id
    content = f"机密★10年\n{SECRET}\n编号,名称\n1,一号桥\n".encode()
    version_id = yard.deliver(content, f"{SECRET}.csv")
    yard.scan(version_id)
    version = yard.version(version_id)
    assert (version.state, version.quarantined) == (v.VersionState.FAILED, None)
    assert version.problem is not None
    assert (version.problem["code"], version.problem["where"]) == ("file.classified", "heading")
    assert "保密机构" in version.problem["zh"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    with yard.db.read() as session:
        lines = list(session.scalars(select(AuditLine).where(AuditLine.about_id == version_id)))
        told = {(one.person_id, one.kind) for one in session.scalars(select(Notice))}
        kept = [*(line.details for line in lines), *(one.params for one in session.scalars(select(Notice)))]
    assert [line.what for line in lines] == ["version.received", "version.classified"]
    assert SECRET not in f"{kept}{version.original.name}{version.problem}"
    assert told == {
        (guard, "version.classified"),
        (yard.cast.security_admin.id, "version.classified"),
        (yard.cast.steward.id, "version.stopped"),
    }


def test_the_name_inside_an_archive_counts(yard: Yard) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("桥梁-机密.csv", "编号,名称\n1,一号桥\n")
    version_id = yard.deliver(packed.getvalue(), "桥梁.zip")
    yard.scan(version_id)
    version = yard.version(version_id)
    assert version.problem is not None
    assert (version.problem["code"], version.problem["where"]) == ("file.classified", "properties")


def test_killed_before_the_marked_file_was_erased_it_is_erased_next_time(yard: Yard) -> None:
    version_id = yard.deliver("机密★10年\n".encode(), "桥梁.csv")
    with yard.db.read() as session:
        plan = scanning.gather(session, version_id)
    assert plan is not None
    found = scanning.act(plan, yard.quarantine, yard.blobs, yard.see)
    with work.begin(yard.db, SYSTEM, yard.now) as unit:
        scanning.record(unit, plan, found)
    assert yard.quarantine.path(plan.name).exists()
    again = yard.scan(version_id)
    assert again is not None
    assert again.judged
    with pytest.raises(NotFound):
        yard.quarantine.path(plan.name)
    assert yard.version(version_id).quarantined is None


@pytest.mark.parametrize(
    ("content", "filename", "code"),
    [
        (b"\x7fELF\x00\x00\x00\x00" * 20, "桥梁.csv", "file.binary"),
        (b"\x7fELF\x00\x00\x00\x00" * 20, "机密★.csv", "file.classified"),
    ],
)
def test_what_cannot_be_looked_into_is_not_stored(yard: Yard, content: bytes, filename: str, code: str) -> None:
    def see(path: Path, name: str) -> Glance:
        raise scanning.Invalid("file.binary")

    version_id = yard.deliver(content, filename)
    with yard.db.read() as session:
        plan = scanning.gather(session, version_id)
    assert plan is not None
    found = scanning.act(plan, yard.quarantine, yard.blobs, see)
    with work.begin(yard.db, SYSTEM, yard.now) as unit:
        scanning.record(unit, plan, found)
    version = yard.version(version_id)
    assert version.problem is not None
    assert (version.state, version.problem["code"]) == (v.VersionState.FAILED, code)
    with pytest.raises(NotFound):
        yard.blobs.open(version.original.sha256)


def test_a_file_that_is_gone_is_said_to_be(yard: Yard) -> None:
    version_id = yard.deliver(b"a,b\n1,2\n", "桥梁.csv")
    yard.quarantine.erase(yard.version(version_id).quarantined or "")
    yard.scan(version_id)
    version = yard.version(version_id)
    assert version.problem is not None
    assert (version.state, version.problem["code"]) == (v.VersionState.FAILED, "file.quarantine-lost")
    assert version.quarantined is None
