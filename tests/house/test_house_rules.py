"""The rule book is whole: reasons exist, enumerations are labelled, jobs have handlers, settings are documented."""

import ast
import re
from enum import StrEnum
from pathlib import Path

from open_portal import handlers, letters, settings
from policies import approval_docs, permission_docs, permissions, rulebook, vocabulary
from policies.refusals import reasons
from policies.terms import Term

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("policies", "tenancy", "catalog", "quality", "sharing", "open_portal")
TREES = {path: ast.parse(path.read_text("utf-8")) for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
REFUSALS = {"Refused", "Invalid", "Stale", "NotFound", "Forbidden"}


def calls(names: set[str]) -> list[tuple[Path, ast.Call, str]]:
    """Every call of these names whose first argument is a text."""
    found = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if called in names and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.append((path, node, first.value))
    return found


def test_every_reason_that_is_given_has_its_words_and_parameters() -> None:
    wrong = []
    for path, node, code in calls(REFUSALS):
        reason = reasons().get(code)
        given = {one.arg for one in node.keywords}
        if reason is None or (None not in given and not reason.params <= given):
            wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {code}")
    assert not wrong


def test_every_term_is_labelled_in_both_languages() -> None:
    enumerations = [one for one in vars(vocabulary).values() if isinstance(one, type) and issubclass(one, StrEnum)]
    assert len(enumerations) > 30
    for kind in enumerations:
        if issubclass(kind, Term):
            assert all(one.zh and one.en for one in kind), kind.__name__


def test_every_enqueued_kind_has_a_handler_and_every_handler_a_caller() -> None:
    enqueued = {kind for _, _, kind in calls({"enqueue"})} | set(handlers.SCHEDULES)
    assert enqueued == set(handlers.HANDLERS)


def test_every_notice_that_is_told_has_words() -> None:
    told = set()
    for _, node, _ in [*calls({"tell"}), *calls({"tell_next"})]:
        told |= {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and "." in str(one.value)}
    for _, node in ((path, node) for path, tree in TREES.items() for node in ast.walk(tree)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"tell", "_tell_steward"}:
            told |= {one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    told = {one for one in told if re.fullmatch(r"(case|version|entry|grant|tenant)\.[a-z-]+", str(one))}
    assert told <= set(letters.WORDS)


def test_policies_are_sound_and_speak_both_languages() -> None:
    assert permissions.flaws() == ()
    assert all(one.zh and one.en for one in permissions.policies())


def test_the_approval_page_is_current() -> None:
    assert (ROOT / "docs/approval.md").read_text("utf-8") == approval_docs.render(rulebook.load())


def test_the_settings_page_is_current() -> None:
    assert settings.table() in (ROOT / "docs/settings.md").read_text("utf-8")


def test_the_permission_page_is_current() -> None:
    assert (ROOT / "docs/permissions.md").read_text("utf-8") == permission_docs.render()
