"""The way in of a file through the pages: in parts, whole, followed, stopped, read, and its account handed out."""

import base64
import csv
import hashlib
import io
import json
import random
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_stage import Stage
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog import versions
from catalog.models import Upload, Version
from open_portal import handlers
from open_portal.pages.desk.desk_uploads import LARGEST_PART
from policies import vocabulary as v
from tenancy import jobs, work
from tenancy.actors import SYSTEM
from tenancy.records import Job
from tenancy.types import new_id

CONTENT = random.Random(5).randbytes(250_000)  # noqa: S311 - any bytes
PART = 100_000
PLAIN = b"line,stops\n1,20\n2,30\n"
TYPE = "application/offset+octet-stream"


@pytest.fixture
def stage(db: Any, cast: Any, now: Any, tmp_path: Path) -> Stage:
    return Stage(db, cast, now, tmp_path)


def encoded(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


class Sender:
    """A program that speaks the protocol."""

    def __init__(self, client: FlaskClient, code: str) -> None:
        self.client, self.code, self.place = client, code, ""

    def ask(self, method: str, place: str, **headers: str) -> TestResponse:
        headers = {"Accept": "application/json", "Tus-Resumable": "1.0.0", **headers}
        return self.client.open(place, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def begin(self, size: int = len(CONTENT), **metadata: str) -> TestResponse:
        pairs = {"filename": "线路.csv", **metadata}
        given = ",".join(f"{name} {encoded(value)}" for name, value in pairs.items())
        place = f"/desk/datasets/{self.code}/uploads"
        answer = self.ask("POST", place, Upload_Length=str(size), Upload_Metadata=given)
        self.place = answer.headers.get("Location", self.place)
        return answer

    def patch(self, offset: int, content: bytes, announced: int | None = None, **headers: str) -> TestResponse:
        """Send a part; `announced` is how long it is said to be, when the connection breaks before its end."""
        given = {"Accept": "application/json", "Tus-Resumable": "1.0.0", "Upload-Offset": str(offset)}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        length = {"CONTENT_LENGTH": str(len(content) if announced is None else announced)}
        return self.client.patch(self.place, data=content, content_type=TYPE, headers=given, environ_overrides=length)

    def send(self, content: bytes, **metadata: str) -> TestResponse:
        assert self.begin(len(content), **metadata).status_code == 201
        for offset in range(0, len(content), PART):
            answer = self.patch(offset, content[offset : offset + PART])
            assert answer.status_code == 204, answer.text
        return answer


@pytest.fixture
def sender(stage: Stage) -> Sender:
    return Sender(stage.client(stage.cast.steward), stage.draft())


def waiting(stage: Stage) -> list[str]:
    return sorted(path.name for path in (Path(stage.kit.settings.home) / "quarantine").iterdir())


def newest(stage: Stage, code: str) -> Version:
    with stage.db.read() as session:
        return versions.all_of(session, stage.entry(code, session))[0]


def check(stage: Stage, code: str) -> Version:
    """Do the worker's job on the newest version."""
    handlers.check_now(stage.kit, newest(stage, code).id)
    return newest(stage, code)


def test_a_file_in_parts_arrives_whole_and_its_hash_is_told(stage: Stage, sender: Sender) -> None:
    begun = sender.begin(note="首次")
    assert begun.status_code == 201
    assert begun.headers["Tus-Resumable"] == "1.0.0"
    assert begun.headers["Upload-Expires"].endswith("GMT")
    state = sender.ask("HEAD", sender.place)
    assert (state.headers["Upload-Offset"], state.headers["Upload-Length"]) == ("0", str(len(CONTENT)))
    assert state.headers["Cache-Control"] == "no-store"
    for offset in range(0, len(CONTENT), PART):
        piece = CONTENT[offset : offset + PART]
        sum_ = f"sha256 {encoded(hashlib.sha256(piece).digest())}"
        answer = sender.patch(offset, piece, Upload_Checksum=sum_)
        assert answer.status_code == 204
        assert answer.headers["Upload-Offset"] == str(offset + len(piece))
    digest = hashlib.sha256(CONTENT).hexdigest()
    place = f"/desk/datasets/{sender.code}/data/1"
    assert (answer.headers["Upload-Sha256"], answer.headers["Upload-Result"]) == (digest, place)
    page = sender.client.get(place).text
    assert digest in page
    assert "首次" in page
    assert "线路.csv" in page
    assert sender.ask("HEAD", sender.place).headers["Upload-Result"] == place
    assert sender.patch(len(CONTENT), b"").headers["Upload-Result"] == place


def test_cut_off_doubled_and_wrong_parts(stage: Stage, sender: Sender) -> None:
    sender.begin()
    for _time in range(2):
        assert sender.patch(0, CONTENT[:PART]).headers["Upload-Offset"] == str(PART)
    wrong = sender.patch(2 * PART, CONTENT[2 * PART :])
    assert (wrong.status_code, wrong.headers["Upload-Offset"]) == (409, str(PART))
    assert wrong.json is not None
    assert wrong.json["code"] == "upload.offset"
    broken = sender.patch(PART, CONTENT[PART:], Upload_Checksum=f"sha256 {encoded(b'another')}")
    assert (broken.status_code, broken.json and broken.json["code"]) == (460, "upload.checksum")
    assert sender.patch(PART, CONTENT[PART : PART + 10], announced=5000).status_code == 400
    assert sender.ask("HEAD", sender.place).headers["Upload-Offset"] == str(PART)
    assert len(waiting(stage)) == 1
    sha1 = f"sha1 {encoded(hashlib.new('sha1', CONTENT[PART:], usedforsecurity=False).digest())}"
    done = sender.patch(PART, CONTENT[PART:], Upload_Checksum=sha1)
    assert done.headers["Upload-Sha256"] == hashlib.sha256(CONTENT).hexdigest()


def test_the_protocol_is_kept(stage: Stage, sender: Sender) -> None:
    place = f"/desk/datasets/{sender.code}/uploads"
    told = sender.ask("OPTIONS", place)
    assert told.status_code == 204
    assert told.headers["Tus-Max-Size"] == "2000000"
    assert "creation" in told.headers["Tus-Extension"]
    assert sender.ask("POST", place, Tus_Resumable="0.2.2").status_code == 412
    assert sender.ask("POST", place, Upload_Length="-1").status_code == 400
    assert sender.ask("POST", place, Upload_Length="9" * 30).status_code == 400
    assert sender.ask("POST", place, Upload_Length="5", Upload_Metadata="filename !!").status_code == 400
    assert sender.begin(0).status_code == 422
    assert sender.begin(2_000_001).status_code == 413
    assert sender.begin(sha256="nonsense").status_code == 400
    assert sender.begin().status_code == 201
    assert sender.client.patch(sender.place, data=b"x", headers={"Upload-Offset": "0"}).status_code == 415
    assert sender.patch(0, b"x", Upload_Checksum="md5 aaaa").status_code == 400
    assert sender.patch(0, b"x" * (len(CONTENT) + 1)).status_code == 413
    assert sender.patch(0, b"x", announced=LARGEST_PART + 1).status_code == 413
    assert sender.ask("DELETE", sender.place).status_code == 204
    assert sender.ask("HEAD", sender.place).status_code == 410
    assert sender.patch(0, CONTENT).status_code == 410
    assert waiting(stage) == []


def test_not_too_many_and_cancelled_by_a_plain_form(stage: Stage, sender: Sender) -> None:
    for _ in range(5):
        assert sender.begin().status_code == 201
    many = sender.begin()
    assert many.status_code == 429
    page = sender.client.get(f"/desk/datasets/{sender.code}/data").text
    assert page.count("取消并删除") == 5
    gone = sender.client.post(f"{sender.place}/cancel")
    assert gone.location == f"/desk/datasets/{sender.code}/data"
    assert len(waiting(stage)) == 4
    assert sender.begin().status_code == 201


def test_others_do_not_find_it(stage: Stage, sender: Sender) -> None:
    sender.begin()
    for who in (stage.cast.colleague, stage.cast.stranger):
        other = Sender(stage.client(who), sender.code)
        other.place = sender.place
        mine, none = other.ask("HEAD", sender.place), other.ask("HEAD", f"/desk/uploads/{new_id()}")
        assert mine.status_code == none.status_code == 404
        assert other.patch(0, CONTENT).status_code == 404
        assert other.ask("DELETE", sender.place).status_code == 404
        assert other.client.post(f"{sender.place}/cancel").status_code == 404
    stranger = Sender(stage.client(stage.cast.stranger), sender.code)
    hidden, missing = stranger.begin(), Sender(stranger.client, "399001-999999").begin()
    assert hidden.status_code == missing.status_code == 404
    assert hidden.json is not None
    assert missing.json is not None
    assert {**hidden.json, "request": ""} == {**missing.json, "request": ""}
    assert Sender(stage.client(stage.cast.reviewer), sender.code).begin().status_code == 403
    assert Sender(stage.client(stage.cast.requester), sender.code).begin().status_code == 403
    assert Sender(stage.client(), sender.code).begin().status_code == 302


def test_the_form_token_is_wanted(stage: Stage, sender: Sender) -> None:
    sender.begin()
    page = sender.client.get(f"/desk/datasets/{sender.code}/data").text
    token = re.search(r'name="csrf_token" value="([^"]*)"', page)[1]  # type: ignore[index]
    stage.app.config["WTF_CSRF_ENABLED"] = True
    assert sender.patch(0, CONTENT).status_code == 400
    assert sender.ask("DELETE", sender.place).status_code == 400
    assert sender.patch(0, CONTENT, X_CSRFToken="another").status_code == 400
    token = re.search(
        r'name="csrf_token" value="([^"]*)"', sender.client.get(f"/desk/datasets/{sender.code}/data").text
    )[1]  # type: ignore[index]
    assert sender.patch(0, CONTENT, X_CSRFToken=token).status_code == 204


def test_a_whole_file_goes_into_quarantine_and_is_followed_without_scripts(stage: Stage, sender: Sender) -> None:
    address = f"/desk/datasets/{sender.code}/data"
    form = {"file": (io.BytesIO(PLAIN), "线路.csv"), "note": "首次"}
    sent = sender.client.post(address, data=form, content_type="multipart/form-data")
    assert sent.location == f"{address}/1"
    version = newest(stage, sender.code)
    assert waiting(stage) == [version.quarantined]
    assert not list((Path(stage.kit.settings.home) / "blobs" / "blobs").iterdir())
    page = sender.client.get(sent.location)
    assert page.headers["Refresh"] == "4"
    assert hashlib.sha256(PLAIN).hexdigest() in page.text
    assert "密级标志扫描" in page.text
    assert "再看一次" in page.text or "刷新" in page.text
    check(stage, sender.code)
    assert waiting(stage) == []
    page = sender.client.get(sent.location)
    assert "Refresh" not in page.headers
    assert "读取 2 行 = 载入 2 行 + 拒收 0 行" in page.text
    assert "整数" in page.text


@pytest.mark.parametrize(
    ("state", "quarantined", "now_at"),
    [
        (jobs.WAITING, True, []),
        (jobs.RUNNING, True, ["密级标志扫描"]),
        (jobs.RUNNING, False, ["逐行读取"]),
        (jobs.PARKED, False, ["逐行读取"]),
    ],
)
def test_each_step_is_shown(stage: Stage, sender: Sender, state: str, quarantined: bool, now_at: list[str]) -> None:
    sender.send(PLAIN)
    with work.begin(stage.db, SYSTEM, stage.now) as unit:
        version = unit.session.query(Version).one()
        job = unit.session.query(Job).filter(Job.kind == "version.check").one()
        job.state = state
        if not quarantined:
            version.quarantined = None
    page = sender.client.get(f"/desk/datasets/{sender.code}/data/1").text
    steps = re.findall(r'tx-timeline__step--(\w+)"[^>]*>\s*<p class="tx-timeline__text">([^<]*?) <span', page)
    assert [text for kind, text in steps if kind in {"now", "stopped"}] == now_at
    assert ("系统管理员" in page) == (state == jobs.PARKED)


def test_the_same_bytes_are_recognised(stage: Stage, sender: Sender) -> None:
    sender.send(PLAIN)
    again = sender.send(PLAIN)
    assert again.headers["Upload-Result"].endswith("/data/1")
    form = {"file": (io.BytesIO(PLAIN), "又名.csv")}
    address = f"/desk/datasets/{sender.code}/data"
    sent = sender.client.post(address, data=form, content_type="multipart/form-data")
    assert "与第 1 版逐字节相同，没有重复接收" in sender.client.get(sent.location).text
    assert len(waiting(stage)) == 1
    check(stage, sender.code)
    with work.begin(stage.db, SYSTEM, stage.now) as unit:
        unit.session.query(Version).one().state = v.VersionState.SUPERSEDED
    form = {"file": (io.BytesIO(PLAIN), "又名.csv")}
    sent = sender.client.post(address, data=form, content_type="multipart/form-data")
    assert sent.location.endswith("/data/2")
    assert "内容与第 1 版逐字节相同" in sender.client.get(sent.location).text


def test_refused_forms_leave_nothing_in_quarantine(stage: Stage, sender: Sender) -> None:
    address = f"/desk/datasets/{sender.code}/data"

    def send(client: FlaskClient, content: bytes, place: str = address, **more: str) -> int:
        form = {"file": (io.BytesIO(content), "线路.csv"), **more}
        sent = client.post(place, data=form, content_type="multipart/form-data")
        sent.request.environ["wsgi.input"].close()
        return sent.status_code

    assert send(sender.client, b"") == 422
    assert send(sender.client, b"x" * 2_050_000) == 422
    assert send(stage.client(stage.cast.reviewer), PLAIN) == 403
    assert send(stage.client(stage.cast.stranger), PLAIN) == 404
    assert send(sender.client, PLAIN, "/desk/datasets/new", tenant="hz-jtj", title="桩") == 422
    assert waiting(stage) == []


def test_a_full_disk_is_said_and_nothing_is_left(stage: Stage, sender: Sender) -> None:
    sender.begin()
    stage.kit.quarantine._reserve = 1 << 60
    assert sender.patch(0, CONTENT).status_code == 507
    form = {"file": (io.BytesIO(PLAIN), "线路.csv")}
    sent = sender.client.post(f"/desk/datasets/{sender.code}/data", data=form, content_type="multipart/form-data")
    assert sent.status_code == 409
    assert "存储空间不足" in sent.text
    stage.kit.quarantine._reserve = 0
    assert sender.patch(0, CONTENT).status_code == 204


def test_a_marked_file_is_stopped_and_the_page_says_what_to_do(stage: Stage, sender: Sender) -> None:
    sender.send("机密★10年\n某项工程\n".encode(), filename="某项工程.csv")
    assert check(stage, sender.code).state is v.VersionState.FAILED
    assert waiting(stage) == []
    page = sender.client.get(f"/desk/datasets/{sender.code}/data/1").text
    assert "保密机构" in page
    assert "某项工程" not in page
    assert "密级或内部标志" in sender.client.get("/desk").text
    assert "某项工程" not in sender.client.get(f"/desk/datasets/{sender.code}/data").text
    told = stage.client(stage.cast.security_admin).get("/my")
    assert "已在隔离区删除" in told.text
    assert "公交线路" not in told.text


def test_uploads_given_up_are_swept(stage: Stage, sender: Sender) -> None:
    sender.begin()
    (Path(stage.kit.settings.home) / "quarantine" / ("0" * 32)).write_bytes(b"orphan")
    later = stage.now + timedelta(days=2)
    handlers.sweep_uploads(_at(stage, later), {})
    with stage.db.read() as session:
        assert session.query(Upload).one().state is v.UploadState.ENDED
    assert len(waiting(stage)) <= 1
    handlers.sweep_uploads(_at(stage, stage.now + timedelta(days=100_000)), {})
    assert waiting(stage) == []


def _at(stage: Stage, instant: Any) -> Any:
    class Later:
        database, quarantine, clock = stage.db, stage.kit.quarantine, staticmethod(lambda: instant)

    return Later()


def test_a_new_dataset_by_script_is_a_draft_and_an_address(stage: Stage) -> None:
    client = stage.client(stage.cast.steward)
    form = {"tenant": "hz-jtj", "title": "充电桩"}
    wanted = {"Accept": "application/json"}
    made = client.post("/desk/datasets/new", data=form, headers=wanted)
    assert made.status_code == 201
    assert made.json is not None
    assert made.json["uploads"].endswith("/uploads")
    assert client.get(made.json["next"]).status_code == 200
    short = client.post("/desk/datasets/new", data={**form, "title": "桩"}, headers=wanted)
    assert (short.status_code, short.json and short.json["code"]) == (422, "entry.title-length")


ACCOUNT = {
    "kind": "xlsx",
    "dialect": {"delimiter": ";"},
    "reasons": [{"column": "stops", "code": "file.row-not-integer", "count": 7}],
    "set_aside": [{"line": 9, "raw": "合计 50", "code": "file.note-no-rows"}],
    "notes": [{"code": "file.note-blank-rows", "params": {"rows": 3}}],
    "flags": [{"sheet": "一", "cell": "B7", "code": "file.note-digits-lost", "params": {"cells": 1}}],
    "offers": [{"column": "stops", "code": "unknown.code", "params": {}, "rows": 4, "before": "5%", "after": "0.05"}],
    "markings": [{"row": 3, "column": "line", "marking": "机密★", "level": "机密", "sheet": None}],
}


def test_the_account_is_shown_with_whatever_is_kept(stage: Stage, sender: Sender) -> None:
    bad = [
        {"line": 4, "raw": "=1+1,y", "faults": [{"column": "stops", "code": "file.row-not-integer", "value": "y"}]},
        {"line": 5, "raw": "-5,甲", "faults": [{"column": None, "code": "file.row-width", "value": None}]},
    ]
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in bad)
    number = stage.deliver(sender.code, refusals=lines.encode())
    with work.begin(stage.db, SYSTEM, stage.now) as unit:
        version = unit.session.query(Version).one()
        version.account, version.layout = ACCOUNT, {"sheet": "一", "heading": [2, 3], "first": 4, "last": None}
        version.columns = [{"name": "stops", "type": "integer", "why": "file.typed-by-values"}]
    page = sender.client.get(f"/desk/datasets/{sender.code}/data/{number}").text
    shown = ("分号", "2–3", "stops 不是整数", "合计 50", "跳过空行 3 行", "一 · B7", "unknown.code", "机密★", "整数")
    for words in (*shown, "全部取值都符合这一类型", "读取 3 行 = 载入 2 行 + 拒收 1 行"):
        assert words in page, words
    with work.begin(stage.db, SYSTEM, stage.now) as unit:
        version = unit.session.query(Version).one()
        version.account = version.layout = version.columns = None
    assert sender.client.get(f"/desk/datasets/{sender.code}/data/{number}").status_code == 200
    file = sender.client.get(f"/desk/datasets/{sender.code}/data/{number}/refused.csv")
    assert file.data.startswith(b"\xef\xbb\xbf")
    assert "attachment" in file.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(file.data.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["行号", "问题", "取值", "原文"] or len(rows[0]) == 4
    assert rows[1:] == [["4", "stops 不是整数", "y", "'=1+1,y"], ["5", "这一行的单元格个数与标题行不符", "", "'-5,甲"]]
    for place in ("", "/refused", "/refused.csv"):
        page = f"/desk/datasets/{sender.code}/data/{number}{place}"
        assert stage.client(stage.cast.stranger).get(page).status_code == 404
    assert sender.client.get(f"/desk/datasets/{sender.code}/data/9").status_code == 404
