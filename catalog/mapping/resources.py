"""Resources: the forms in which another platform offers an entry's data, as it tells of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Resource:
    """One form of data elsewhere, kept as JSON with its entry; what isn't told is empty or None.

    `url` leads to the file, interface or page; `format` is the other side's own word; `size` is in bytes,
    `hash` in hex; `created` and `modified` are ISO 8601. `id` is the other side's identifier, if it has one.
    """

    url: str = ""
    id: str = ""
    name: str = ""
    description: str = ""
    format: str = ""
    media_type: str = ""
    size: int | None = None
    hash: str = ""
    created: str = ""
    modified: str = ""

    def kept(self) -> dict[str, Any]:
        """The resource as JSON, without what isn't told."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> Self:
        """The resource that was kept so."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in known})
