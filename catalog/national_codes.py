"""National code lists that come with the platform: data files beside this module, each with its source and licence."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from catalog import standard_versions
from catalog.standard_models import CodeList
from catalog.standard_versions import CodeValues, ListValues
from tenancy.models import Tenant
from tenancy.work import Work

FOLDER = Path(__file__).parent / "standard_codes"


def packaged() -> Iterator[ListValues]:
    """The lists, by file name."""
    for path in sorted(FOLDER.glob("*.toml")):
        yield _list(tomllib.loads(path.read_text("utf-8")))


def enter(work: Work, tenant: Tenant, starts_on: date) -> list[CodeList]:
    """Put every packaged list in force in the name of a tenant; lists that stand there already stay as they are."""
    found = [standard_versions.enter(work, tenant, values, starts_on) for values in packaged()]
    return [row for row in found if isinstance(row, CodeList)]


def _list(content: Mapping[str, Any]) -> ListValues:
    codes = tuple(_code(*one) for one in content["codes"])
    return ListValues(**{name: value for name, value in content.items() if name != "codes"}, codes=codes)


def _code(value: str, zh: str, en: str = "", parent: str = "") -> CodeValues:
    return CodeValues(value, zh, en, parent or None)
