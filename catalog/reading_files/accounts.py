"""The account of a file that was read, as a version keeps it."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from catalog.reading_files.shapes import FileKind, Intake

MOST_ASIDE, MOST_FLAGS = 1_000, 1_000


def account(intake: Intake, kind: FileKind, refusals: Path) -> dict[str, Any]:
    """What is worth keeping beside the counts: how the file is written, what was set aside, flagged or refused."""
    return {
        "kind": kind.kind,
        "dialect": asdict(intake.dialect) if intake.dialect else None,
        "reasons": _reasons(refusals) if intake.rows_refused else [],
        "set_aside": [asdict(one) for one in intake.set_aside[:MOST_ASIDE]],
        "set_aside_count": len(intake.set_aside),
        "flags": [{"cell": cell, "code": code} for cell, code in intake.flags[:MOST_FLAGS]],
        "notes": [asdict(one) for one in intake.notes],
        "offers": [asdict(one) for one in intake.offers],
    }


def _reasons(refusals: Path) -> list[dict[str, Any]]:
    """How many rows were refused for which reason; a row with several reasons counts for each."""
    counted: Counter[tuple[str, str]] = Counter()
    with refusals.open(encoding="utf-8") as lines:
        for line in lines:
            counted.update({(fault["code"], fault["column"] or "") for fault in json.loads(line)["faults"]})
    return [{"code": code, "column": column, "count": count} for (code, column), count in counted.most_common()]
