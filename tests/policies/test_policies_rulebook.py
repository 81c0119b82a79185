"""The rulebook: complete, frozen, strict about what it does not know, and overlaid entry by entry."""

from dataclasses import FrozenInstanceError
from decimal import Decimal
from pathlib import Path

import pytest

from policies import rulebook
from policies.rulebook import RulebookError
from policies.vocabulary import Dimension

LIMIT = """
[limits.OPEN_INITIAL]
days = 7
unit = "workday"
zh = "受限开放申请初审"
en = "First check"
basis = "本市规定"
basis_en = "City rule"
confidence = "H"
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def packaged(name: str) -> str:
    return (rulebook.FOLDER / name).read_text(encoding="utf-8")


def test_the_packaged_rules_hold_together() -> None:
    book = rulebook.load()
    assert set(book.quality.weights) == set(Dimension)
    assert book.quality.bar == Decimal(80)
    assert book.after_supplement == "resume"
    assert {book.limits[code].days for code in ("OPEN_INITIAL", "OPEN_PROVIDER_REVIEW", "OPEN_FINAL")} == {
        3,
        5,
        2,
    }
    assert all(limit.basis and limit.basis_en and limit.zh and limit.en for limit in book.limits.values())
    assert {2024, 2025, 2026, 2027} <= set(book.calendar.years)


def test_a_rulebook_cannot_be_changed() -> None:
    book = rulebook.load()
    with pytest.raises(FrozenInstanceError):
        book.after_supplement = "restart"  # type: ignore[misc]
    with pytest.raises(TypeError):
        book.limits["OPEN_INITIAL"] = book.limits["OPEN_FINAL"]  # type: ignore[index]


def test_an_overlay_replaces_the_entries_of_the_same_name_and_keeps_the_others(tmp_path: Path) -> None:
    plain, book = rulebook.load(), rulebook.load(written(tmp_path, "limits.toml", LIMIT))
    assert book.limits["OPEN_INITIAL"].days == 7
    assert book.limits["OPEN_INITIAL"].basis == "本市规定"
    assert book.limits["OPEN_FINAL"] == plain.limits["OPEN_FINAL"]
    assert book.warn == plain.warn
    assert book.hash != plain.hash


def test_an_overlay_entry_must_be_complete(tmp_path: Path) -> None:
    folder = written(tmp_path, "limits.toml", "[limits.OPEN_INITIAL]\ndays = 7\n")
    with pytest.raises(RulebookError, match=r"limits\.toml 缺少 limits\.OPEN_INITIAL\."):
        rulebook.load(folder)


def test_an_overlay_can_announce_the_holidays_of_a_year(tmp_path: Path) -> None:
    text = packaged("calendars/CN-2027.toml").replace("notice = false", "notice = true")
    book = rulebook.load(written(tmp_path, "calendars/CN-2027.toml", text))
    assert book.calendar.years[2027].notice


def test_the_same_rules_have_the_same_hash_wherever_they_come_from(tmp_path: Path) -> None:
    folder = written(tmp_path, "quality.toml", packaged("quality.toml") + "\n# a remark changes nothing\n")
    assert rulebook.load(folder).hash == rulebook.load().hash == rulebook.load().hash


@pytest.mark.parametrize(
    ("name", "text", "code", "named"),
    [
        ("limits.toml", "warm = [50]", "rules.unknown-key", "warm"),
        ("limits.toml", LIMIT + "day = 3", "rules.unknown-key", "limits.OPEN_INITIAL.day"),
        (
            "limits.toml",
            LIMIT.replace("days = 7", "days = -7"),
            "rules.bad-value",
            "limits.OPEN_INITIAL.days",
        ),
        (
            "limits.toml",
            LIMIT.replace("days = 7", "days = true"),
            "rules.bad-value",
            "limits.OPEN_INITIAL.days",
        ),
        ("limits.toml", LIMIT.replace('"workday"', '"week"'), "rules.bad-value", "limits.OPEN_INITIAL.unit"),
        (
            "limits.toml",
            LIMIT.replace('"City rule"', '" "'),
            "rules.bad-value",
            "limits.OPEN_INITIAL.basis_en",
        ),
        ("limits.toml", "warn = [80, 50]", "rules.bad-value", "warn"),
        ("limits.toml", 'after_supplement = "forget"', "rules.bad-value", "after_supplement"),
        ("quality.toml", "bar = 80.0", "rules.bad-value", "bar"),
        ("quality.toml", 'bar = "much"', "rules.bad-value", "bar"),
        (
            "quality.toml",
            'cutoffs = { A = "80", B = "85", C = "75", D = "60" }',
            "rules.bad-value",
            "cutoffs",
        ),
        ("quality.toml", 'weights = { beauty = "1" }', "rules.missing-key", "weights.normative"),
        ("indicators.toml", "[OPEN_CAT]\nzh = 'x'", "rules.unknown-key", "OPEN_CAT"),
        ("calendars/CN-2027.toml", "year = 2026", "rules.missing-key", "off"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_key(tmp_path: Path, name: str, text: str, code: str, named: str) -> None:
    with pytest.raises(RulebookError) as caught:
        rulebook.load(written(tmp_path, name, text))
    assert caught.value.code == code
    assert caught.value.params["file"] == name
    assert caught.value.params["key"] == named
    assert name in caught.value.text("en")
    assert named in caught.value.text("zh")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("year = 2027", "year = 2026", "rules.bad-value"),
        ("on = []", "on = [2027-03-01]", "rules.bad-value"),
        ("on = []", "on = [2027-05-01]", "rules.bad-value"),
        ("last = 2027-05-02", "last = 2027-04-30", "rules.bad-value"),
        ("first = 2027-01-01", "first = 2026-12-31", "rules.bad-value"),
        ("first = 2027-01-01", "first = 'New Year'", "rules.bad-value"),
        ("notice = false", "", "rules.missing-key"),
    ],
)
def test_a_calendar_is_checked(tmp_path: Path, old: str, new: str, code: str) -> None:
    text = packaged("calendars/CN-2027.toml").replace(old, new)
    with pytest.raises(RulebookError) as caught:
        rulebook.load(written(tmp_path, "calendars/CN-2027.toml", text))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('kind = "RELEASE"', 'kind = "DEMAND"', "rules.bad-value"),
        ('to = "REJECTED"', 'to = "REFUSED"', "rules.bad-value"),
        ('to = "REJECTED"', 'to = "@back"', "rules.bad-value"),
        ('from = ["REVIEW"]', 'from = ["CHECK"]', "rules.unknown-reference"),
        ("authority:authority_reviewer", "authority:king", "rules.unknown-reference"),
        ("RELEASE_REVIEW", "RELEASE_SOON", "rules.bad-value"),
        ('chain = ["REVIEW"]', 'chain = ["APPROVED"]', "rules.bad-value"),
        ('chain = ["REVIEW"]', "chain = []", "rules.bad-value"),
        ('code = "reject"', 'code = "approve"', "rules.ambiguous-move"),
        ('to = "RECALLED"', 'to = "REJECTED"', "rules.dead-end"),
        ('en = "Recalled"\nend = true', 'en = "Recalled"\nturn = "applicant"', "rules.dead-end"),
        ('en = "Recalled"\nend = true', 'en = "Recalled"\nend = true\nstopped = true', "rules.bad-value"),
        ("distinct = true", "distinct = true\nextends = true", "rules.bad-value"),
        ("distinct = true", 'distinct = true\nchoices = { kind = ["A"] }', "rules.unknown-key"),
        ('turn = "authority"', 'turn = "nobody"', "rules.bad-value"),
        ('turn = "authority"', 'turn = "authority"\nsupplement = true', "rules.bad-value"),
    ],
)
def test_a_procedure_is_checked(tmp_path: Path, old: str, new: str, code: str) -> None:
    text = packaged("procedures/RELEASE.toml")
    assert old in text
    with pytest.raises(RulebookError) as caught:
        rulebook.load(written(tmp_path, "procedures/RELEASE.toml", text.replace(old, new)))
    assert caught.value.code == code


def test_a_file_of_an_unknown_name_would_have_no_effect_and_stops(tmp_path: Path) -> None:
    with pytest.raises(RulebookError) as caught:
        rulebook.load(written(tmp_path, "limit.toml", LIMIT))
    assert caught.value.code == "rules.unknown-file"


def test_a_file_that_is_no_toml_stops(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match=r"limits\.toml"):
        rulebook.load(written(tmp_path, "limits.toml", "days ="))


def test_a_process_decides_by_the_book_put_in_force(tmp_path: Path) -> None:
    before = rulebook.in_force()
    book = rulebook.load(written(tmp_path, "limits.toml", LIMIT))
    try:
        rulebook.put_in_force(book)
        assert rulebook.in_force() is book
    finally:
        rulebook.put_in_force(before)
    assert rulebook.in_force() is before


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ('[gates.T9]\nbar = "80"\nhard = []\ngrace_days = 1\n', "T9"),
        ('[gates.T0]\nbar = "80"\nhard = ["deadly"]\ngrace_days = 1\n', "gates.T0.hard"),
        ('[gates.T0]\nbar = "80"\nhard = []\ngrace_days = 1\ngracious = 2\n', "gates.T0.gracious"),
        ('[gates.T0]\nbar = "80"\nhard = []\ngrace_days = -1\n', "gates.T0.grace_days"),
        ("[gates.T0]\nhard = []\ngrace_days = 1\n", "gates.T0.bar"),
    ],
)
def test_a_gate_that_cannot_be_meant_stops_the_start(tmp_path: Path, change: str, key: str) -> None:
    with pytest.raises(RulebookError, match=rf"quality\.toml.*{key}"):
        rulebook.load(written(tmp_path, "quality.toml", change))
    book = rulebook.load(written(tmp_path, "quality.toml", '[gates.T0]\nbar = "90"\nhard = []\ngrace_days = 1\n'))
    assert book.quality.terms("T0").bar == Decimal(90)
    assert book.quality.terms("T1") == rulebook.load().quality.terms("T1")
