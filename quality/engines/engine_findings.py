"""Expectations for the rules which a profile's findings propose: agreement in groups, misspelt values, usual forms."""

import re
from collections.abc import Callable, Sequence

from quality.engines import engine_gx as gx
from quality.engines.engine_groups import ExpectFilledAsGroup, ExpectUsualOfGroup
from quality.engines.engine_subjects import Subject, demand

_EDGE = "[^0-9A-Za-z]"


def words_regex(words: Sequence[str]) -> str:
    """An expression which finds any of the words standing by itself, in RE2, Python and Java alike."""
    listed = "|".join(re.escape(word) for word in words)
    return f"(?:^|{_EDGE})(?:{listed})(?:{_EDGE}|$)"


def _text(on: Subject) -> str:
    demand(on.columns[0], "text")
    return on.columns[0].alias


def _determined(on: Subject) -> gx.Expectation:
    return ExpectUsualOfGroup(
        column_list=[column.alias for column in on.columns],
        ignore_row_if="never",
        share=float(on.rule.parameters.get("share", 0.5)),
        needed=int(on.rule.parameters.get("needed", 2)),
        mostly=on.rule.mostly,
        **on.given,
    )


def _filled(on: Subject) -> gx.Expectation:
    return ExpectFilledAsGroup(
        column_list=[column.alias for column in on.columns],
        ignore_row_if="never",
        share=float(on.rule.parameters.get("share", 0.5)),
        mostly=on.rule.mostly,
        **on.given,
    )


def _misspelt(on: Subject) -> gx.Expectation:
    values = list(on.rule.parameters["meant"])
    return gx.expect("ColumnValuesToNotBeInSet", column=_text(on), value_set=values, mostly=on.rule.mostly, **on.given)


def _words(on: Subject) -> gx.Expectation:
    regex = words_regex(list(on.rule.parameters["meant"]))
    return gx.expect("ColumnValuesToNotMatchRegex", column=_text(on), regex=regex, mostly=on.rule.mostly, **on.given)


def _usual_form(on: Subject) -> gx.Expectation:
    regex = on.rule.parameters["regex"]
    return gx.expect("ColumnValuesToMatchRegex", column=_text(on), regex=regex, mostly=on.rule.mostly, **on.given)


BUILDERS: dict[str, Callable[[Subject], gx.Expectation]] = {
    "determined_by": _determined,
    "filled_as_group": _filled,
    "misspelt": _misspelt,
    "misspelt_words": _words,
    "usual_form": _usual_form,
}
