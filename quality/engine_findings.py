"""Expectations for the rules which a profile's findings propose: agreement in groups, misspelt values, usual forms."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quality import engine_gx as gx
from quality.engine_groups import ExpectFilledAsGroup, ExpectUsualOfGroup
from quality.engine_tables import Column
from quality.rules import Rule, RuleError

_EDGE = "[^0-9A-Za-z]"


def expectation(rule: Rule, columns: Sequence[Column], given: Mapping[str, Any]) -> gx.Expectation:
    """The expectation of a rule of one of `KINDS`; raises RuleError for a column of the wrong type."""
    return KINDS[rule.kind](rule, columns, {**given, "mostly": rule.mostly})


def words_regex(words: Sequence[str]) -> str:
    """An expression which finds any of the words standing by itself, in RE2, Python and Java alike."""
    listed = "|".join(re.escape(word) for word in words)
    return f"(?:^|{_EDGE})(?:{listed})(?:{_EDGE}|$)"


def _text(rule: Rule, columns: Sequence[Column]) -> str:
    if columns[0].sort != "text":
        raise RuleError("column-type", f"{rule.columns[0]}: {columns[0].sort}")
    return columns[0].alias


def _determined(rule: Rule, columns: Sequence[Column], given: Mapping[str, Any]) -> gx.Expectation:
    return ExpectUsualOfGroup(
        column_list=[column.alias for column in columns],
        ignore_row_if="never",
        share=float(rule.parameters.get("share", 0.5)),
        needed=int(rule.parameters.get("needed", 2)),
        **given,
    )


def _filled(rule: Rule, columns: Sequence[Column], given: Mapping[str, Any]) -> gx.Expectation:
    return ExpectFilledAsGroup(
        column_list=[column.alias for column in columns],
        ignore_row_if="never",
        share=float(rule.parameters.get("share", 0.5)),
        **given,
    )


def _misspelt(rule: Rule, columns: Sequence[Column], given: Mapping[str, Any]) -> gx.Expectation:
    values = list(rule.parameters["meant"])
    return gx.expect("ColumnValuesToNotBeInSet", column=_text(rule, columns), value_set=values, **given)


def _words(rule: Rule, columns: Sequence[Column], given: Mapping[str, Any]) -> gx.Expectation:
    regex = words_regex(list(rule.parameters["meant"]))
    return gx.expect("ColumnValuesToNotMatchRegex", column=_text(rule, columns), regex=regex, **given)


def _usual_form(rule: Rule, columns: Sequence[Column], given: Mapping[str, Any]) -> gx.Expectation:
    regex = rule.parameters["regex"]
    return gx.expect("ColumnValuesToMatchRegex", column=_text(rule, columns), regex=regex, **given)


KINDS: dict[str, Callable[[Rule, Sequence[Column], Mapping[str, Any]], gx.Expectation]] = {
    "determined_by": _determined,
    "filled_as_group": _filled,
    "misspelt": _misspelt,
    "misspelt_words": _words,
    "usual_form": _usual_form,
}
