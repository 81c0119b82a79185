"""Running text is no table; a table of long texts is one."""

from pathlib import Path

import pytest

from catalog.reading_files import kinds
from policies.refusals import Invalid

PARAGRAPH = "为规范公共数据共享、开放和利用活动，提升公共数据治理水平，\n"
PARAGRAPH += "制定本办法。本市行政区域内的公共数据活动，适用本办法。\n\n"


@pytest.mark.parametrize(
    "text",
    [
        "# 说明\n\n" + PARAGRAPH * 6,
        "Terms of use\n\n" + "The data may be used and passed on by anybody, for any purpose\nat all.\n\n" * 6,
    ],
)
def test_paragraphs_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(Invalid) as refused:
        kinds.inspect(path, "a.txt")
    assert refused.value.code == "file.prose"


@pytest.mark.parametrize(
    "text",
    [
        "意见\n" + "建议在小区门口增设公交站点，方便老年人出行和孩子上学，谢谢。\n" * 20,
        "编号,意见\n" + "".join(f"{n},建议在小区门口增设公交站点，方便老年人出行和孩子上学。\n\n" for n in range(20)),
        "镇街\n\n织里镇\n\n八里店镇\n",
    ],
)
def test_tables_of_long_texts_are_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, "utf-8")
    assert kinds.inspect(path, "a.csv").kind == "csv"
