"""Markings: every way they are written is found, and words that only look like one are left in peace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import markings
from policies.markings import Level

FOUND = (
    ("机密", Level.HIGH),
    ("绝密", Level.TOP),
    (" 秘密 ", Level.BASIC),
    ("【机密】", Level.HIGH),
    ("（秘密）", Level.BASIC),
    ("机 密", Level.HIGH),
    ("机　　密", Level.HIGH),
    ("絕密", Level.TOP),
    ("機密", Level.HIGH),
    ("祕密", Level.BASIC),
    ("机\u200b密", Level.HIGH),
    ("机密★10年", Level.HIGH),
    ("机密★", Level.HIGH),
    ("秘密★", Level.BASIC),
    ("秘 密 ★ 3 年", Level.BASIC),
    ("机密★长期", Level.HIGH),
    ("機密★長期", Level.HIGH),
    ("机密☆10年", Level.HIGH),
    ("机密＊１０年", Level.HIGH),
    ("机密*", Level.HIGH),
    ("绝密★启用前", Level.TOP),
    ("关于桥梁的通知 机密★5年 第3号", Level.HIGH),
    ("密级：机密", Level.HIGH),
    ("密 级：秘 密", Level.BASIC),
    ("密級:絕密", Level.TOP),
    ("密级 机密", Level.HIGH),
    ("文号：湖交〔2026〕3号　密级：秘密　份数：12", Level.BASIC),
    ("密级：【机密】", Level.HIGH),
    ("密级：机密★10年", Level.HIGH),
    ("密级：机密(10年)", Level.HIGH),
    ("秘密等级：秘密级", Level.BASIC),
    ("密级及保密期限：机密 5年", Level.HIGH),
    ("机密_桥梁台账", Level.HIGH),
    ("桥梁台账（机密）", Level.HIGH),
    ("桥梁台账-秘密", Level.BASIC),
    ("机密文件", Level.HIGH),
    ("绝密件", Level.TOP),
    ("机密 10年", Level.HIGH),
    ("内部资料", Level.INTERNAL),
    ("內部資料", Level.INTERNAL),
    ("内 部 资 料", Level.INTERNAL),
    ("内部资料，注意保存", Level.INTERNAL),
    ("内部文件", Level.INTERNAL),
    ("内部文件 请勿外传", Level.INTERNAL),
    ("（内部资料）桥梁台账", Level.INTERNAL),
    ("仅供内部使用", Level.INTERNAL),
    ("不予公开", Level.INTERNAL),
    ("公开属性：不予公开", Level.INTERNAL),
    ("此件不予公开", Level.INTERNAL),
    ("注意保存", Level.INTERNAL),
    ("工作秘密", Level.INTERNAL),
    ("工作秘密★5年", Level.INTERNAL),
    ("普通商密★3年", Level.INTERNAL),
)
NONE = (
    "",
    "桥梁台账",
    "密级",
    "密级：",
    "密级：无",
    "密级：公开",
    "密级：非密",
    "是否涉密",
    "是否涉密：否",
    "涉密等级",
    "保密等级",
    "机密计算",
    "机密计算平台建设项目",
    "秘密花园",
    "商业秘密保护条例",
    "商业秘密",
    "保密协议",
    "保密承诺书（机关）",
    "国家秘密定密管理暂行规定",
    "中华人民共和国保守国家秘密法",
    "绝密飞行",
    "绝密、机密、秘密三级",
    "密级：绝密、机密、秘密",
    "密级：绝密/机密/秘密",
    "绝密|机密|秘密",
    "机密性、完整性、可用性",
    "密码管理局",
    "精密仪器",
    "内部",
    "内部控制",
    "内部资料性出版物目录",
    "内部文件传输系统",
    "内部审计报告",
    "不予公开情况统计",
    "不予公开决定数量（件）",
    "2024年不予公开",
    "请注意保存现场",
    "注意事项",
    "秘密通道3号",
    "机密5号",
    "秘书长",
)


@pytest.mark.parametrize(("text", "level"), FOUND)
def test_a_marking_is_found(text: str, level: Level) -> None:
    found = markings.find(text)
    assert found is not None
    assert found.level is level
    assert len(found.text) <= 24


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_marking_is_left_in_peace(text: str) -> None:
    assert markings.find(text) is None


def test_only_the_marking_is_told_and_nothing_it_stands_beside() -> None:
    found = markings.find("关于某项工程的方案 机密★10年")
    assert found is not None
    assert found.text == "机密★10年"


@pytest.mark.parametrize("name", ["绝密", "机密", "不予公开", "内部资料", "密级", "是否涉密"])
def test_a_column_may_be_called_like_a_level(name: str) -> None:
    assert markings.find_strong(name) is None


@pytest.mark.parametrize("name", ["机密★10年", "密级：秘密"])
def test_a_column_may_not_bear_a_marking(name: str) -> None:
    assert markings.find_strong(name) is not None


@given(st.text(max_size=600))
def test_any_text_is_read(text: str) -> None:
    found = markings.find(text)
    assert found is None or found.text


def test_a_long_text_is_read_at_once() -> None:
    assert markings.find("密级" * 100_000) is None
    assert markings.find("【" * 100_000 + "密") is None
    assert markings.find("机 " * 100_000) is None
