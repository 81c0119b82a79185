"""Offers: the ways to get at an entry's data, as other platforms are told of them."""

from dataclasses import dataclass
from datetime import datetime

from policies.vocabulary import Format


@dataclass(frozen=True)
class Offer:
    """One form in which data can be had; `url` is the file or API, or the page to apply on when `restricted`.

    `size` is in bytes and `sha256` in hex, both only of a file that everyone may fetch.
    """

    id: str
    format: Format
    url: str
    created: datetime
    modified: datetime
    size: int | None = None
    sha256: str | None = None
    restricted: bool = False
