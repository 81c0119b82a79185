"""Data of an entry on the desk: handed in, followed through its checks, handed back, and submitted."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from desk_forms import stamp_of, text_of
from desk_stage import Stage

from policies import vocabulary as v
from quality.suites import suites


@pytest.fixture
def stage(db: Any, cast: Any, now: Any, tmp_path: Path) -> Stage:
    return Stage(db, cast, now, tmp_path)


def test_upload_is_followed_and_twice_is_once(stage: Stage) -> None:
    code = stage.draft()
    client = stage.client(stage.cast.steward)
    address = f"/desk/datasets/{code}/data"
    for _time in range(2):
        form = {"file": (io.BytesIO(b"line,stops\n1,20\n"), "lines.csv"), "note": "首次"}
        assert client.post(address, data=form, content_type="multipart/form-data").status_code == 302
    page = text_of(client.get(address))
    assert "已接收" in page
    assert "版本 1" in page
    assert "版本 2" not in page


def test_upload_refuses_empty_too_large_and_strangers(stage: Stage) -> None:
    code = stage.published()
    address = f"/desk/datasets/{code}/data"

    def send(actor: Any, content: bytes) -> Any:
        form = {"file": (io.BytesIO(content), "lines.csv"), "note": "说明留住"}
        sent = stage.client(actor).post(address, data=form, content_type="multipart/form-data")
        sent.request.environ["wsgi.input"].close()
        return sent

    empty = send(stage.cast.steward, b"")
    assert empty.status_code == 422
    assert "说明留住" in text_of(empty)
    assert send(stage.cast.steward, b"x" * 1_500_000).status_code == 302
    assert send(stage.cast.steward, b"x" * 2_050_000).status_code == 422
    assert send(stage.cast.steward, b"x" * 3_000_000).status_code == 413
    assert send(stage.cast.reviewer, b"a,b\n").status_code == 403
    assert send(stage.cast.stranger, b"a,b\n").status_code == 404
    assert send(None, b"x" * 3_000_000).status_code == 302


def test_upload_beyond_a_forms_size_passes_the_form_token(stage: Stage) -> None:
    stage.app.config["WTF_CSRF_ENABLED"] = True
    address = f"/desk/datasets/{stage.draft()}/data"
    client = stage.client(stage.cast.steward)
    token = re.search(r'name="csrf_token" value="([^"]*)"', text_of(client.get(address)))[1]  # type: ignore[index]

    def send(token: str) -> int:
        form = {"csrf_token": token, "file": (io.BytesIO(b"x" * 1_500_000), "lines.csv")}
        sent = client.post(address, data=form, content_type="multipart/form-data")
        sent.request.environ["wsgi.input"].close()
        status: int = sent.status_code
        return status

    assert send(token) == 302
    assert send("another") == 400


def test_refused_rows_are_shown_and_handed_back(stage: Stage) -> None:
    code = stage.draft()
    line = '{"line": 4, "raw": "x,y", "faults": [{"column": "stops", "code": "file.row-not-integer", "value": "y"}]}\n'
    number = stage.deliver(code, verdict=v.Verdict.FAIL, refusals=line.encode())
    client = stage.client(stage.cast.steward)
    page = text_of(client.get(f"/desk/datasets/{code}/data"))
    assert "得分不足" in page
    assert f"/desk/datasets/{code}/data/{number}" in page
    page = text_of(client.get(f"/desk/datasets/{code}/data/{number}"))
    assert "不是整数" in page
    assert "得分不足" in page
    assert "读取 3 行 = 载入 2 行 + 拒收 1 行" in page
    file = client.get(f"/desk/datasets/{code}/data/{number}/refused")
    assert text_of(file) == line
    assert "attachment" in file.headers["Content-Disposition"]
    assert stage.client(stage.cast.stranger).get(f"/desk/datasets/{code}/data/{number}/refused").status_code == 404


def test_rules_are_sentences_with_failures_and_change_as_a_version(stage: Stage) -> None:
    code = stage.draft()
    stage.deliver(code)
    client = stage.client(stage.cast.steward)
    address = f"/desk/datasets/{code}/rules"
    page = client.get(address)
    assert "“线路”不为空" in text_of(page)
    assert "共 2" in text_of(page)
    form = {"version": stamp_of(page), "severity:unique:line": "critical", "mostly:unique:line": "95"}
    assert client.post(address, data={**form, "mostly:unique:line": "没有"}).status_code == 422
    for _time in range(2):
        assert client.post(address, data=form).status_code == 302
    with stage.db.read() as session:
        suite = suites.latest(session, stage.entry(code, session))
        assert suite is not None
        assert suite.number == 2
        changed = suites.rules_of(suite)[1]
        assert (changed.severity, changed.mostly) == ("critical", 0.95)
    reviewer = stage.client(stage.cast.reviewer)
    assert reviewer.post(address, data={"version": "2", "drop:unique:line": "y"}).status_code == 403
