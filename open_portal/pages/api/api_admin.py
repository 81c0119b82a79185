"""What the administration lists, for programs: who comes in, and the shapes that several lists share."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from apiflask import Schema

from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api.api_door import needs_door
from open_portal.pages.api.api_tables import Answer, View, listed

N_ = schemas.N_


def administered(
    path: str,
    summary: Any,
    name: str,
    row: type[Schema],
    sorts: Sequence[str],
    *,
    key: str = "",
    asks: Mapping[str, Any] | None = None,
) -> Callable[[View], View]:
    """A route for a list of the administration, under `/api/v1/admin/`; its door is that of the pages."""

    def wrap(view: View) -> View:
        @wraps(view)
        def entered(*args: Any, **values: Any) -> Answer:
            needs_door("admin")
            return view(*args, **values)

        return listed(f"admin/{path}", summary, f"Admin{name}", row, sorts, key=key, asks=asks)(entered)

    return wrap


def word(code: str, label: object) -> dict[str, str]:
    """A code with a label that is no term of the vocabulary."""
    return {"code": code, "label": str(label)}
