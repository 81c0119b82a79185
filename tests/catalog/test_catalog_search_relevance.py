"""The judged questions are well formed, and the product answers them well from the catalogues of the demonstration."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import search_home, search_records, search_relevance
from benchmarks.search_records import Record
from benchmarks.search_relevance import Question
from catalog import search
from open_portal.wiring import Kit
from tenancy import actors

CATALOGUES = Path(__file__).resolve().parents[2] / "demo" / "catalogues"
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
FLOOR = 0.60
EVERY = 4
"""Of records that answer no question, only these are taken, so that the test is quick."""


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    """The judged questions."""
    return search_relevance.load()


@pytest.fixture(scope="module")
def records(questions: list[Question]) -> list[Record]:
    """Every record of the demonstration that answers some question, and some of the others."""
    found = search_records.read(CATALOGUES)
    return [one for one in found if one.number % EVERY == 0 or any(asked.grade(one.key) for asked in questions)]


@pytest.fixture(scope="module")
def kit(records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    """The product with these records, indexed."""
    made = search_home.filled(tmp_path_factory.mktemp("relevance"), records)
    search.rebuild(made.index, made.database)
    yield made
    made.database.close()


def test_at_least_sixty_questions_of_every_kind_are_judged(questions: list[Question]) -> None:
    assert len(questions) >= 60
    assert len(search_relevance.kinds(questions)) >= 10
    for half in search_relevance.HALVES:
        assert sum(one.half == half for one in questions) >= 30
    assert not [one.text for one in questions if not one.need or not (one.grades or one.alike)]


def test_gains_are_discounted_by_place_and_held_against_the_best_order() -> None:
    question = Question("q", "short", "tuning", "need", {"p | a | x": 3, "p | b | x": 1})
    known = {"p | a | x": 1, "p | b | x": 1, "p | c | x": 1}
    assert search_relevance.ndcg(question, ["p | a | x", "p | b | x"], known) == 1.0
    assert 0 < search_relevance.ndcg(question, ["p | c | x", "p | b | x", "p | a | x"], known) < 1
    assert search_relevance.ndcg(question, [], known) == 0.0


def test_answers_from_the_demonstration_are_good(kit: Kit, records: list[Record], questions: list[Question]) -> None:
    by_id, known = {one.id: one.key for one in records}, search_relevance.counted(records)
    worth = {}
    with kit.database.read() as session:
        for question in questions:
            if any(question.grade(key) >= 2 for key in known):
                found = search.find(kit.index, session, actors.ANONYMOUS, NOW, search.Query(question.text, per_page=10))
                keys = [by_id[entry.id] for entry in found.entries]
                worth[question.text] = search_relevance.ndcg(question, keys, known)
    assert len(worth) >= 40
    assert sum(worth.values()) / len(worth) >= FLOOR, worth
