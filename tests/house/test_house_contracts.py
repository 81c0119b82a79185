"""Every import contract, broken on purpose in a copy of the house, is caught."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("policies", "tenancy", "catalog", "quality", "sharing", "open_portal")
BREACHES = (
    ("catalog/versions.py", "import quality.rules.rules", "A floor imports only floors below it"),
    ("quality/suites/suites.py", "import sharing.release", "A floor imports only floors below it"),
    ("policies/opening.py", "import sqlalchemy", "policies is pure"),
    ("tenancy/audit.py", "import flask", "Only the roof knows the web"),
    ("sharing/release.py", "import great_expectations", "Great Expectations is spoken in"),
    ("open_portal/pages/site.py", "import quality.checks", "The web processes never load"),
    ("sharing/release.py", "import ckanapi", "ckanapi is spoken in"),
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their contracts, to be broken."""
    folder = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "setup.cfg", folder)
    return folder


@pytest.mark.parametrize(("module", "line", "contract"), BREACHES)
def test_a_breach_is_caught(copy: Path, module: str, line: str, contract: str) -> None:
    path = copy / module
    before = path.read_text("utf-8")
    path.write_text(f"{before}\n{line}\n", "utf-8")
    try:
        answer = subprocess.run(
            [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        path.write_text(before, "utf-8")
    assert answer.returncode == 1
    words = " ".join(answer.stdout.split())
    assert any(contract in part for part in words.split("BROKEN")[:-1]), answer.stdout
