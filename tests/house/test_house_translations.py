"""Every text of the roof has its Chinese, with its placeholders and Chinese punctuation; no template holds any."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOF = Path(__file__).resolve().parents[2] / "open_portal"
CATALOGUE = ROOF / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "N_": None}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff"
HALF_WIDTH = re.compile(rf"(?<=[{HAN}])[,;:?!()]|[,;:?!(](?=[{HAN}])|(?<=[{HAN}])\.(?=[{HAN}])")
COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
TYPED = ("列名:运算符:值", "列:运算符:值", "列名:desc")
"""The grammar of filters and sorting, in which the colon is an ASCII one."""
OWN_NAME = '"中文"'
"""The link to the Chinese pages says so in Chinese to whoever reads English."""

MessageId = str | tuple[str, ...]


@cache
def wanted() -> dict[MessageId, str]:
    """Every text in code and templates with the first place where it stands."""
    with (ROOF / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found: dict[MessageId, str] = {}
    for place, line, text, _comments, _context in extract_from_dir(ROOF, methods, options, keywords=KEYWORDS):
        key = tuple(one for one in text if one) if isinstance(text, (tuple, list)) else text
        if key:
            found.setdefault(key, f"{place}:{line}")
    return found


@cache
def catalogue() -> Catalog:
    """The Chinese catalogue."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


def message_of(key: MessageId) -> Message | None:
    """The entry of a text, whether it was asked for in one form or two."""
    found: Message | None = catalogue().get(key if isinstance(key, str) else key[0])
    return found


def texts_of(message: Message) -> list[str]:
    """The Chinese of an entry: one text, or one for each plural form."""
    return [message.string] if isinstance(message.string, str) else list(message.string)


def shown(text: str) -> str:
    """A text as its reader may see it, without what he is to type."""
    for written in TYPED:
        text = text.replace(written, "")
    return PLACEHOLDER.sub("甲", text)


def listed(found: Mapping[str, object]) -> str:
    """Everything found, one a line."""
    return "\n" + "\n".join(f"{place}: {text}" for place, text in found.items())


def test_there_are_texts() -> None:
    assert len(wanted()) > 500
    assert any(isinstance(key, tuple) for key in wanted())


def test_every_text_has_its_chinese() -> None:
    missing = {}
    for key, place in wanted().items():
        message = message_of(key)
        if message is None or message.fuzzy or not all(texts_of(message)):
            missing[place] = key
    assert not missing, listed(missing)


def test_what_counts_has_its_forms_in_the_catalogue_too() -> None:
    flat = {
        place: key
        for key, place in wanted().items()
        if isinstance(key, tuple) and (message := message_of(key)) and message.id != key
    }
    assert not flat, listed(flat)


def test_the_chinese_has_the_same_placeholders() -> None:
    different = {}
    for message in catalogue():
        ids = [message.id] if isinstance(message.id, str) else message.id
        named = {name for one in ids for name in PLACEHOLDER.findall(one)}
        for text in texts_of(message):
            if message.id and text and set(PLACEHOLDER.findall(text)) != named:
                different[str(message.id)] = text
    assert not different, listed(different)


def test_chinese_texts_have_chinese_punctuation() -> None:
    half = {
        str(message.id): text
        for message in catalogue()
        for text in texts_of(message)
        if message.id and HALF_WIDTH.search(shown(text))
    }
    assert not half, listed(half)


def test_no_template_holds_chinese_of_its_own() -> None:
    raw = []
    for path in sorted((ROOF / "templates").rglob("*.html")):
        text = COMMENT.sub(lambda found: "\n" * found[0].count("\n"), path.read_text(encoding="utf-8"))
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(rf"[{HAN}]", line.replace(OWN_NAME, "")):
                raw.append(f"{path.relative_to(ROOF)}:{number}: {line.strip()[:100]}")
    assert not raw, "\n".join(raw)
