"""A requester's journey: from the search to a key that opens the granted items, and nothing once it is revoked."""

import json
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from open_portal.language import ZONE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
DATASET = "登革热病例逐例数据"
GRANTED = ["病例编号", "确诊日期", "区别"]
WITHHELD = "道路名称"
ANSWERS = {
    "purpose": {
        "purpose": "估算城区各片的发病时序，形成公开的研究报告。",
        "scene": "科研：由本单位研究人员使用。",
        "target_system": "示例传播模型平台",
        "expected_effect": "给出各区的时间表，供防控参考。",
        "combine_with": "不与其他数据结合。",
    },
    "security": {
        "location": "湖州市本地机房",
        "network": "10.20.30.0/24",
        "security_measures": "专人管理账号，加密存放，使用结束后销毁并提交证明。",
        "consent": "由提供单位去标识化，不涉及可识别的个人。",
    },
}


def test_apply_sign_call_and_lose_the_right(visit: Callable[..., Any], portal: Any) -> None:
    requester = visit(login="requester")
    address = find(requester)
    number = apply(requester)
    for login, move in (("officer-a", "approve"), ("reviewer-cdc", "approve"), ("officer-b", "approve")):
        decide(visit(login=login), number, move, comment="材料齐全，同意。")
    key = sign(requester, number)
    rows = f"/api/v1/datasets/{address.rpartition('/')[2]}/rows"
    uses(portal, rows, key)
    earlier = sign_what_waits(requester)
    decide(visit(login="officer-a"), number, "revoke", comment="测试中止使用。", basis="《协议》第七条")
    status, body = portal.ask(rows, Authorization=f"Bearer {key}")
    assert status == 401, body
    assert portal.ask(rows, Authorization=f"Bearer {earlier}")[0] == 200
    requester.go(f"/my/applications/{number}")
    assert "撤销" in requester.text()


def sign_what_waits(requester: Any) -> str:
    """The demonstration's approved application waits for the signature; the key it gives."""
    requester.go("/my")
    number = requester.page.locator('a[href$="/agreement"]').first.get_attribute("href").split("/")[-2]
    return sign(requester, number)


def find(requester: Any) -> str:
    """Find the data, see why there are no rows yet, go on to the start page; the dataset's address."""
    requester.go("/datasets?" + urlencode({"q": "登革热 病例"}))
    requester.follow(DATASET)
    address: str = requester.page.url
    assert "申请" in requester.page.locator(".tx-panel").inner_text()
    assert not requester.page.locator('a[href*="/download."]').count()
    requester.follow("申请使用")
    assert "个工作日" in requester.text()
    return address


def apply(requester: Any) -> str:
    """Fill in the five parts, each kept as it is, and hand them in; the application's number."""
    requester.page.get_by_role("radio", name="示例数据研究有限公司").check()
    requester.button("开始申请")
    assert requester.page.locator(".tx-tasks__item").count() == 5
    number: str = requester.page.url.split("/")[-2]
    requester.go(f"/apply/{number}/applicant")
    requester.fill({"contact_name": "数据合作部", "contact_phone": "0572-0000000"})
    requester.fill({"contact_email": "data@research.example", "address": "湖州市吴兴区示例路1号"})
    requester.button("保存并继续")
    choose_data(requester)
    for part, answers in ANSWERS.items():
        assert requester.page.url.endswith(part)
        requester.fill(answers)
        requester.button("保存并继续")
    requester.page.locator("#undertaking").check()
    requester.button("保存并继续")
    assert requester.page.url.endswith("/check")
    assert ANSWERS["purpose"]["purpose"] in requester.text()
    requester.button("提交申请")
    assert requester.page.url.endswith("/done")
    assert number in requester.text()
    return number


def choose_data(requester: Any) -> None:
    """Choose few items and a term; what is never opened is not offered."""
    assert requester.page.url.endswith("/data")
    assert not requester.page.locator(f'[name="items"][value="{WITHHELD}"]').count()
    for box in requester.page.locator('[name="items"]').all():
        box.set_checked(box.get_attribute("value") in GRANTED)
    today = datetime.fromtimestamp(time.time(), ZONE).date()
    requester.fill({"valid_from": iso(today), "valid_to": iso(today + timedelta(days=60))})
    requester.button("保存并继续")


def iso(day: date) -> str:
    """A day as a date field takes it."""
    return day.isoformat()


def decide(officer: Any, number: str, move: str, **words: str) -> None:
    """Make a move on the desk."""
    officer.go(f"/desk/applications/{number}")
    assert ANSWERS["purpose"]["purpose"] in officer.text()
    officer.fill({"move": move, **words})
    officer.button("提交决定")
    assert officer.page.locator("#main-content .tx-flash--good[role=status]").is_visible()


def sign(requester: Any, number: str) -> str:
    """Read and sign the agreement; the key, shown this once."""
    requester.go(f"/my/applications/{number}/agreement")
    assert number in requester.page.locator("article").inner_text()
    requester.fill({"signatory": "示例数据研究有限公司"})
    requester.page.locator("#agreed").check()
    requester.button("签署并领取密钥")
    key: str = requester.page.locator(".tx-copy-once").inner_text().strip()
    assert key.startswith("txk_")
    requester.go(f"/my/applications/{number}/agreement")
    assert key not in requester.page.content()
    assert "示例数据研究有限公司" in requester.text()
    return key


def uses(portal: Any, rows: str, key: str) -> None:
    """Without the key nothing, with it the granted items alone, whatever is asked for."""
    assert portal.ask(rows)[0] == 401
    status, body = portal.ask(f"{rows}?limit=5", Authorization=f"Bearer {key}")
    found = json.loads(body)
    assert (status, found["columns"], len(found["rows"])) == (200, GRANTED, 5)
    assert found["total"] > 700
    for name in (WITHHELD, "纬度"):
        for asked in (f"columns={quote(name)}", f"filter={quote(name)}:notnull", f"order={quote(name)}:asc"):
            status, body = portal.ask(f"{rows}?{asked}", Authorization=f"Bearer {key}")
            assert status == 422, asked
            assert "大同路" not in body.decode()
    assert portal.ask(f"{rows}?key={key}")[0] == 400
