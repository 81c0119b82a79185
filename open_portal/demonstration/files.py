"""What the demonstration is made of, read from the folder `demo`."""

import gzip
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent.parent / "demo"
PASSWORD = "bamboo-and-river"  # noqa: S105 - printed at the start; `doctor --production` refuses these accounts
CATALOGUES = ("zhejiang_zhejiang", "zhejiang_jiaxing", "zhejiang_shaoxing", "zhejiang_zhoushan")


def table(name: str) -> Mapping[str, Any]:
    """One of the TOML files."""
    with (FOLDER / name).open("rb") as file:
        return tomllib.load(file)


def catalogue(path: Path) -> list[dict[str, Any]]:
    """The records of a neighbour's catalogue."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        records: list[dict[str, Any]] = json.load(file)
    return records
