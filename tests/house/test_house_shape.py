"""The house itself: sizes, names, forbidden calls, files that belong together."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("policies", "tenancy", "catalog", "quality", "sharing", "open_portal")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
BESIDE = sorted(path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
DANGEROUS = re.compile(r"\b(pickle|marshal|shelve)\.|yaml\.load|(?<![\w.])eval\(|(?<![\w.])exec\(|verify=False")
READERS = ("intake", "kinds", "glances", "csv_rows", "json_rows", "parquet_rows", "shapefile_rows", "workbook_rows")
NOT_IN_WEB = (
    *("great_expectations", "pandas", "duckdb", "pyarrow", "python_calamine", "shapefile"),
    *(f"catalog.reading_files.{one}" for one in READERS),
)
"""What a web process must not have loaded when it begins to serve."""
LATE_IMPORTS = {"open_portal/cli/__init__.py"}


def name(path: Path) -> str:
    """A path as people say it."""
    return path.relative_to(ROOT).as_posix()


def test_no_module_is_longer_than_400_lines() -> None:
    long = {
        name(path): count for path in (*SOURCES, *BESIDE) if (count := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert not long


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path, tree in (*TREES.items(), *((path, ast.parse(path.read_text("utf-8"))) for path in BESIDE))
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert not long


def test_nothing_is_imported_inside_a_function() -> None:
    hidden = [
        f"{name(path)}:{inner.lineno}"
        for path, tree in TREES.items()
        if name(path) not in LATE_IMPORTS
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not hidden


def test_every_module_and_public_function_says_what_it_is() -> None:
    silent = [name(path) for path, tree in TREES.items() if not ast.get_docstring(tree)]
    for path, tree in TREES.items():
        for node in tree.body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):
                silent.append(f"{name(path)}:{node.lineno} {node.name}")
    assert not silent


def test_nothing_dangerous_is_called() -> None:
    found = [name(path) for path in SOURCES if DANGEROUS.search(path.read_text("utf-8"))]
    assert not found


def test_every_package_says_its_sentence() -> None:
    for package in PACKAGES:
        assert ast.get_docstring(TREES[ROOT / package / "__init__.py"])


def test_there_is_no_drawer_for_odds_and_ends() -> None:
    drawers = {"core", "common", "utils", "helpers", "misc"}
    assert not [name(path) for path in SOURCES if path.stem in drawers or path.parent.name in drawers]


def test_the_floors_are_kept() -> None:
    answer = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("module", ["open_portal.app", "open_portal.cli.serving"])
def test_the_web_process_loads_neither_great_expectations_nor_a_parser(module: str) -> None:
    code = f"import sys, {module}; print([one for one in {NOT_IN_WEB!r} if one in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert answer.stdout.strip() == "[]", answer.stderr
