"""How the values of a column of codes, dates, times or amounts are written, learnt from the values themselves.

A value is cut into runs: digits, capital letters, small letters, Chinese characters, and every other character as
itself. Runs of the same sorts make a form. Where a few forms cover nearly all values, and what remains is single and
mostly one slip away from them, the forms make a regular expression that the slips don't match.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from quality.profiling.coded import Coded

_RUNS = re.compile(r"[0-9]+|[A-Z]+|[a-z]+|[\u4e00-\u9fff]+|\s|.", re.DOTALL)
_MOST_RUNS = 24
_MOST_VALUES = 20_000
_FORMS = 6
_COVERED = 0.75
_ALLOWED = 0.01
_MAIN = 0.05
_FEWEST = 3
_LITERALS = 8
_LIKELY = 0.6
_ASKED = 100
_TIMED = re.compile("^(?:9:9|9([-/.])9\\1(?:9|Aa)|9年9月)")
_LETTER = re.compile("[A-Za-z]")
_CLASSES = {"9": "[0-9]", "A": "[A-Z]", "a": "[a-z]", "汉": "[\u4e00-\u9fff]"}

Form = tuple[str, ...]
Counted = Sequence[tuple[str, int]]


@dataclass(frozen=True)
class UsualForm:
    """The forms of a column as one expression; `rows` of `filled` don't match, `likely` of them are near a form."""

    column: str
    regex: str
    examples: tuple[str, ...]
    rows: int
    filled: int
    likely: float
    sure: bool


def find(columns: Sequence[Coded]) -> tuple[UsualForm, ...]:
    """The usual forms of the text columns which have some and whose values don't all keep to them."""
    return tuple(
        form
        for column in columns
        if column.column.sort == "text" and column.filled >= 20
        for form in _of(column.name, column.counted[:_MOST_VALUES])
    )


def _of(name: str, counted: Counted) -> Iterable[UsualForm]:
    filled = sum(rows for _, rows in counted)
    if not _is_code_like(counted, filled):
        return
    by_form: dict[Form, list[tuple[str, int]]] = defaultdict(list)
    for value, rows in counted:
        by_form[form_of(value)].append((value, rows))
    support = {form: sum(rows for _, rows in values) for form, values in by_form.items()}
    kept = _kept(by_form, support, filled)
    timed = bool(kept) and all(_TIMED.search("".join(form)) for form in kept if support[form] >= _MAIN * filled)
    if timed:
        kept = [form for form in kept if support[form] >= _MAIN * filled]
    if not kept or len(kept) > _FORMS or sum(support[form] for form in kept) < _COVERED * filled:
        return
    matcher, signs = _matcher(kept, by_form, support), _signs(kept)
    odd = [(value, rows) for value, rows in counted if not matcher.search(value)]
    rows = sum(times for _, times in odd)
    if not odd or rows > 0.25 * filled:
        return
    asked = odd[:_ASKED]
    near = [(value, times) for value, times in asked if _is_near(value, matcher, signs)]
    places = Counter(_letters(value) for value, _ in near)
    if near and places.most_common(1)[0][1] >= max(4, 0.8 * len(near)):
        near = []
    likely = sum(times for _, times in near) / sum(times for _, times in asked)
    single = sum(times for _, times in odd if times <= max(3, 0.002 * filled)) >= 0.6 * rows
    sure = (single and likely >= _LIKELY and len(near) >= _FEWEST) or (timed and rows <= 0.1 * filled)
    examples = tuple(by_form[form][0][0] for form in kept[:3])
    yield UsualForm(name, matcher.pattern, examples, rows, filled, round(likely, 3), sure)


def _kept(by_form: Mapping[Form, Counted], support: Mapping[Form, int], filled: int) -> list[Form]:
    """The frequent forms, and of the rarer ones those which no slip explains."""
    order = sorted(by_form, key=lambda form: -support[form])
    main = [form for form in order if support[form] >= max(_FEWEST, _MAIN * filled)]
    if not main or len(main) > _FORMS:
        return []
    matcher, signs = _matcher(main, by_form, support), _signs(main)
    least = max(_FEWEST, _ALLOWED * filled)
    for form in order[len(main) :]:
        if support[form] < least or len(main) > _FORMS:
            break
        values = by_form[form][:_ASKED]
        if sum(_is_near(value, matcher, signs) for value, _ in values) < 0.6 * len(values):
            main.append(form)
    return main


def _matcher(forms: Sequence[Form], by_form: Mapping[Form, Counted], support: Mapping[Form, int]) -> "re.Pattern[str]":
    parts = [_expression(form, by_form[form], support[form]) for form in forms]
    return re.compile(f"^(?:{'|'.join(parts)})$" if len(parts) > 1 else f"^{parts[0]}$")


def form_of(value: str) -> Form:
    """The sorts of the runs of a value, in their order."""
    return tuple(_sort(run) for run in _RUNS.findall(value))


def _sort(run: str) -> str:
    first = run[0]
    if first.isascii() and first.isalnum():
        return "9" if first.isdigit() else "A" if first.isupper() else "a"
    return "汉" if "\u4e00" <= first <= "\u9fff" else first


def _is_code_like(counted: Counted, filled: int) -> bool:
    """Nearly every value has a digit, and few are sentences."""
    digits = sum(rows for value, rows in counted if any(one.isdigit() for one in value))
    words = sum(rows for value, rows in counted if re.search("[A-Za-z]{2,} +[A-Za-z]{2,}", value))
    long = sum(rows for value, rows in counted if len(value) > 60)
    return digits >= 0.75 * filled and words <= 0.1 * filled and long <= 0.1 * filled


def _expression(form: Form, values: Counted, support: int) -> str:
    """A regular expression for the values of one form: what stands always the same, and how long each run is."""
    runs = [(_RUNS.findall(value), rows) for value, rows in values]
    return "".join(_run(sort, [(found[at], rows) for found, rows in runs], support) for at, sort in enumerate(form))


def _run(sort: str, texts: Counted, support: int) -> str:
    if sort not in _CLASSES:
        return re.escape(sort)
    if sort != "9":
        literals: Counter[str] = Counter()
        for text, rows in texts:
            literals[text] += rows
        least = max(_FEWEST, _ALLOWED * support)
        usual = [text for text, rows in literals.most_common() if rows >= least]
        covered = sum(literals[text] for text in usual)
        if usual and len(usual) <= _LITERALS and covered >= 0.9 * support and support >= 20:
            return re.escape(usual[0]) if len(usual) == 1 else f"(?:{'|'.join(re.escape(text) for text in usual)})"
    lengths: Counter[int] = Counter()
    for text, rows in texts:
        lengths[len(text)] += rows
    usual_length, times = lengths.most_common(1)[0]
    others = [rows for length, rows in lengths.items() if length != usual_length]
    fixed = support >= 20 and times >= 0.85 * support and max(others, default=0) <= max(2, 0.02 * support)
    if fixed and (usual_length >= 3 or not others):
        return f"{_CLASSES[sort]}{{{usual_length}}}" if usual_length > 1 else _CLASSES[sort]
    return f"{_CLASSES[sort]}+"


def _letters(value: str) -> tuple[tuple[int, str], ...]:
    """Where the letters stand: letters at the same place in one value after the other mean something."""
    return tuple((at, one) for at, one in enumerate(value) if one.isalpha())


def _signs(forms: Sequence[Form]) -> frozenset[str]:
    """What stands between letters and digits in these forms."""
    return frozenset(sort for form in forms for sort in form if sort not in _CLASSES)


def _is_near(value: str, matcher: "re.Pattern[str]", signs: frozenset[str]) -> bool:
    """Would one slip undone, or two letters in the place of digits, give a usual form?

    What is more or less at either end, a sign, or a digit more or less may as well be meant.
    """
    if len(value) > 60 or matcher.search(value) or not any(one.isdigit() for one in value):
        return False
    letters = sum(one.isascii() and one.isalpha() for one in value)
    if 0 < letters <= len(value) // 2 and matcher.search(_LETTER.sub("0", value)):
        return True
    for at in range(len(value)):
        head, one, tail = value[:at], value[at], value[at + 1 :]
        if head and tail and not one.isdigit() and one != "-" and matcher.search(head + tail):
            return True
        if not at and one.islower() and matcher.search(tail):
            return True
        if tail and _sort(one) != _sort(tail[0]) and matcher.search(head + tail[0] + one + tail[1:]):
            return True
        if any(matcher.search(head + sign + value[at:]) for sign in signs) and (head or value[0].isalnum()):
            return True
        if one.isalpha() and any(matcher.search(head + other + tail) for other in (one.swapcase(), "0")):
            return True
        if any(matcher.search(head + other + value[at:]) for other in "Aa"):
            return True
    return False
