"""How good answers are: real questions with judged answers, and what each engine's first ten are worth.

The file says for each question what the asker needs and which records answer it: `best` (3: just what is wanted),
`good` (2: answers in part, or for another place or year), `near` (1: about the matter, but not what is wanted). What
was looked at and found wanting is kept as short hashes in `none`. Records are named `portal | title | provider`; where
hundreds are alike but for one name, a pattern for such names (`best_alike` …) stands for them all.
"""

import hashlib
import json
import math
import re
import textwrap
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.search_records import Record

PATH = Path(__file__).with_name("search_relevance.toml")
GRADES = {"best": 3, "good": 2, "near": 1}
HALVES = ("tuning", "held-out")
DEPTH = 10


@dataclass
class Question:
    """A question as typed, of which kind it is, what its asker needs, and the judged answers."""

    text: str
    kind: str
    half: str
    need: str
    grades: dict[str, int] = field(default_factory=dict)
    alike: dict[str, int] = field(default_factory=dict)
    none: set[str] = field(default_factory=set)

    def judged(self, key: str) -> bool:
        """Whether somebody has looked at a record."""
        return self.grade(key) > 0 or short(key) in self.none

    def grade(self, key: str) -> int:
        """What a record is worth; nothing if nobody has looked at it."""
        if key in self.grades:
            return self.grades[key]
        return max((grade for pattern, grade in self.alike.items() if re.fullmatch(pattern, key)), default=0)


def short(key: str) -> str:
    """A record's name as eight digits."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def load(path: Path = PATH) -> list[Question]:
    """Every question with its judgements; a wrong file raises ValueError."""
    found = []
    for one in tomllib.loads(path.read_text("utf-8"))["question"]:
        grades: dict[str, int] = {}
        for name, grade in GRADES.items():
            for key in one.get(name, ()):
                if key in grades or key.count(" | ") < 2:
                    raise ValueError(f"{one['text']}: {key}")
                grades[key] = grade
        alike = {pattern: grade for name, grade in GRADES.items() for pattern in one.get(f"{name}_alike", ())}
        none = set(one.get("none", "").split())
        question = Question(one["text"], one["kind"], one["half"], one["need"], grades, alike, none)
        if question.half not in HALVES or any(short(key) in question.none for key in grades):
            raise ValueError(f"{question.text}: {question.half}")
        found.append(question)
    if len({one.text for one in found}) < len(found):
        raise ValueError("a question is asked twice")
    return found


def ndcg(question: Question, keys: Sequence[str], known: Mapping[str, int]) -> float:
    """Normalised discounted cumulative gain of the first ten; `known` counts the records of each name.

    The gain of a grade is 2 ** grade - 1. What nobody has judged counts as nothing.
    """
    gains = [2 ** question.grade(key) - 1 for key in keys[:DEPTH]]
    graded = question.grades if not question.alike else {key: question.grade(key) for key in known}
    ideal = sorted((2**grade - 1 for key, grade in graded.items() for _ in range(known.get(key, 0))), reverse=True)
    best = _discounted(ideal[:DEPTH])
    return _discounted(gains) / best if best else 0.0


def _discounted(gains: Iterable[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def kinds(questions: Iterable[Question]) -> list[str]:
    """The kinds of questions, each once."""
    return list(dict.fromkeys(one.kind for one in questions))


def line(questions: Sequence[Question], keys: Mapping[str, Sequence[str]], known: Mapping[str, int]) -> list[str]:
    """What an engine's answers are worth, as cells: all, each half, each kind, empty answers, share not judged."""
    worth = {one.text: ndcg(one, keys[one.text], known) for one in questions}
    groups = [questions]
    groups += [[one for one in questions if one.half == half] for half in HALVES]
    groups += [[one for one in questions if one.kind == kind] for kind in kinds(questions)]
    first = [f"{sum(worth[one.text] for one in group) / len(group):.3f}" for group in groups]
    empty = sum(not keys[one.text] for one in questions)
    places = [(one, key) for one in questions for key in keys[one.text][:DEPTH]]
    unseen = sum(not one.judged(key) for one, key in places)
    return [*first, str(empty), f"{unseen / max(len(places), 1):.1%}"]


def counted(records: Iterable[Record]) -> dict[str, int]:
    """How many records have each name."""
    found: dict[str, int] = {}
    for one in records:
        found[one.key] = found.get(one.key, 0) + 1
    return found


def save(questions: Iterable[Question], path: Path = PATH) -> None:
    """Write the file anew."""
    lines = ["# Made and read by benchmarks.search; how it was judged stands in benchmarks/README.md.\n"]
    for one in questions:
        lines.append("[[question]]")
        lines += [f"{name} = {_text(getattr(one, name))}" for name in ("text", "kind", "half", "need")]
        for name, grade in GRADES.items():
            keys = sorted(key for key, given in one.grades.items() if given == grade)
            if keys:
                lines += [f"{name} = [", *(f"  {_text(key)}," for key in keys), "]"]
            patterns = [pattern for pattern, given in one.alike.items() if given == grade]
            lines += [f"{name}_alike = {json.dumps(patterns, ensure_ascii=False)}"] if patterns else []
        if one.none:
            lines.append(f'none = """\n{textwrap.fill(" ".join(sorted(one.none)), 117)}\n"""')
        lines.append("")
    path.write_text("\n".join(lines), "utf-8")


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
