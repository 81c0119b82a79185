"""A fault's journey: a citizen reports it, an officer lets it through, a steward mends the data, a rule proves it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from open_portal.demonstration import files

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
DATASET, FILE, OWNER = "湖州市乡镇（街道）名录", "huzhou_towns.csv", "steward-civil-affairs"
FAULT, PHONE = "有一个街道已经撤销。", "13812345678"


def test_from_a_citizens_report_to_the_proof(visit: Callable[..., Any], tmp_path: Path) -> None:
    citizen, stranger = visit(), visit()
    dataset, number, secret = report(citizen)
    look_up(citizen, number, secret)
    assert "待审核" in citizen.text()
    stranger.go(dataset)
    assert FAULT not in stranger.text()
    officer, steward = visit(login="officer-a"), visit(login=OWNER)
    decide(officer, number, "accept")
    stranger.go(dataset)
    assert FAULT in stranger.text()
    assert PHONE not in stranger.text()
    decide(steward, number, "confirm")
    assert PHONE in steward.text()
    steward.button("关联规则")
    mend(steward, tmp_path)
    steward.wait_for(f"/desk/issues/{number}", lambda text: "复检通过" in text)
    citizen.go(f"/corrections/{number}")
    assert "同一规则" in citizen.text()
    assert PHONE not in citizen.text()
    citizen.fill({"move": "accept_fix"})
    citizen.button("提交")
    assert "已办结" in citizen.text()
    officer.go(f"/desk/issues/{number}")
    assert "已办结" in officer.text()


def report(citizen: Any) -> tuple[str, str, str]:
    """Find the dataset, say what is wrong without any account; its address, the number and the code."""
    citizen.go("/datasets?" + urlencode({"q": DATASET}))
    citizen.follow(DATASET)
    dataset: str = citizen.page.url
    citizen.follow("反馈数据问题")
    citizen.fill({"description": f"{FAULT}请致电{PHONE}"})
    citizen.button("提交反馈")
    number, secret = (one.inner_text().strip() for one in citizen.page.locator(".tx-copy-once code").all())
    assert re.fullmatch(r"WT-\d{4}-\d{6}", number)
    return dataset, number, secret


def look_up(citizen: Any, number: str, secret: str) -> None:
    """Open the report with number and code."""
    citizen.go("/corrections?" + urlencode({"number": number}))
    citizen.fill({"secret": secret})
    citizen.button("查看反馈")
    assert citizen.page.url.endswith(number)


def decide(officer: Any, number: str, move: str, **words: str) -> None:
    """Make a move on the desk."""
    officer.go(f"/desk/issues/{number}")
    officer.fill({"move": move, **words})
    officer.button("提交决定")
    assert officer.page.locator("#main-content .tx-flash--good[role=status]").is_visible()


def mend(steward: Any, folder: Path) -> None:
    """Upload the table once more without its last row."""
    lines = (files.FOLDER / "files" / FILE).read_text(encoding="utf-8").splitlines()
    path = folder / FILE
    path.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    steward.follow("上传整改后的数据")
    steward.page.set_input_files("#file", path)
    steward.page.locator("#main-content form[enctype] button[type=submit]").first.click()
