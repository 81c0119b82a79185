"""Identities: by what a data set of another platform is known again, and every record accounted for.

The first of these that holds names a listing, and stays the same however often the catalogue is read:

1. the identifier that the source gives it. Of two *different* records with one identifier the second is rejected. But
   where a good part of the records share identifiers (more than two, and more than one in ten), the field evidently
   holds something else: then it isn't used for any record of the file, and nothing is rejected for it.
2. the address of its page, if no other record of the file has it (scheme and a final stroke don't count);
3. a hash of its title and provider, if no other such record has both;
4. a hash of these and everything else that is stable in the source's own words: neither dates nor counts nor contacts.
   Records that agree in all of this as well (a list issued anew under the same name, say) are numbered in the order
   of the file; they differ in nothing but dates and counts, so that changing places does them no harm.

A record that is word for word the same as one before it is a repetition.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TypeVar

from catalog.mapping import tidy
from catalog.mapping.drafts import Draft, Unusable
from catalog.mapping.listing import Listing, Reading, Rejected
from policies.refusals import Invalid

LONGEST_ID = 200
SHARED_ALWAYS = 2
SHARED_AT_MOST = 10
"""One in so many records may share an identifier before it is taken for no identifier."""
LARGEST_CATALOGUE = 1_000_000
"""Records of one catalogue at most."""

T = TypeVar("T")
Reader = Callable[[Mapping[str, object], str], Draft]
"""Reads one record; the text is the path to it, as in `dataset[17]`. Raises Unusable."""


@dataclass(slots=True)
class _Taken:
    """A record that was read, with no more of it than its identity is made of: hundreds of thousands are held."""

    position: int
    listing: Listing
    remote_id: str
    address: str
    shareable: bool
    name: bytes
    whole: bytes
    record: object


def gather(source_key: str, records: Iterable[object], read: Reader, where: str = "") -> Reading:
    """Read every record and account for it; `where` is the path to the list of them."""
    taken: list[_Taken] = []
    rejected: list[Rejected] = []
    seen: set[bytes] = set()
    ids: set[str] = set()
    repeated = number = 0
    for number, record in enumerate(records, 1):
        path = f"{where}[{number - 1}]"
        if number > LARGEST_CATALOGUE:
            raise Invalid("harvest.too-many-records", limit=LARGEST_CATALOGUE)
        try:
            mark = _mark(record, path)
            if mark in seen:
                repeated += 1
                continue
            draft = read(record, path)  # type: ignore[arg-type]
        except Unusable as fault:
            rejected.append(Rejected(number - 1, fault.path, fault.problem, fault.remedy, record))
            continue
        seen.add(mark)
        # Only a record whose identifier came before may still be rejected, and must then be there whole.
        kept = record if draft.remote_id and draft.remote_id in ids else None
        taken.append(_taken(source_key, number - 1, draft, kept))
        ids.add(draft.remote_id)
    del seen, ids
    listings = _identified(taken, rejected, where)
    return Reading(tuple(listings), tuple(sorted(rejected, key=lambda one: one.position)), repeated, number)


def spent(records: list[T]) -> Iterator[T]:
    """The members of a list in their order, each let go of when it is handed out: the list ends up empty."""
    records.reverse()
    while records:
        yield records.pop()


def _taken(source_key: str, position: int, draft: Draft, record: object) -> _Taken:
    name, address = _name(draft), draft.address.partition("://")[2].rstrip("/")
    hashes = _digest(name), _digest((*name, *draft.stable))
    listing = _listing(source_key, draft)
    return _Taken(position, listing, draft.remote_id, address, draft.shareable, *hashes, record)


def _mark(record: object, path: str) -> bytes:
    """The hash of a record as it is; Unusable for what is no record, or none that can be looked at."""
    if not isinstance(record, Mapping) or not all(isinstance(name, str) for name in record):
        raise Unusable(path, "harvest.no-record", found=type(record).__name__)
    try:
        return sha256(tidy.written(record).encode()).digest()
    except (ValueError, TypeError, RecursionError) as error:
        limits = {"depth": tidy.DEEPEST, "size": tidy.LARGEST_RECORD}
        raise Unusable(path, "harvest.unwieldy", **limits) from error


def _identified(taken: list[_Taken], rejected: list[Rejected], where: str) -> Iterator[Listing]:
    ids = Counter(one.remote_id for one in taken if one.remote_id)
    repeats = ids.total() - len(ids)
    trusted = repeats <= SHARED_ALWAYS or repeats * SHARED_AT_MOST <= ids.total()
    addresses = Counter(one.address for one in taken)
    names = Counter(one.name for one in taken)
    used: set[str] = set()
    for one in spent(taken):
        identity = _identity(one, trusted, addresses, names)
        if identity in used and one.remote_id and trusted:
            path = f"{where}[{one.position}]"
            fault = Unusable(path, "harvest.id-repeated", external_id=one.remote_id)
            record = one.record or {"identifier": one.remote_id, "title": one.listing.title}
            rejected.append(Rejected(one.position, path, fault.problem, fault.remedy, record))
            continue
        identity = _numbered(identity, used)
        used.add(identity)
        yield _named(one, identity, trusted, addresses[one.address])


def _named(one: _Taken, identity: str, trusted: bool, bearers: int) -> Listing:
    """The listing under its identity; an address or identifier that can't be its own is kept as words."""
    listing, more = one.listing, Draft()
    address = listing.source_url
    if one.address and not one.shareable and bearers > 1:
        more.report("source_url", address)
        more.say("source_url", address)
        address = ""
    if one.remote_id and not trusted:
        more.say("identifier", one.remote_id)
    words, unread = (*listing.words, *more.words), (*listing.unread, *more.unread)
    return replace(listing, external_id=identity, source_url=address, words=words, unread=unread)


def _identity(one: _Taken, trusted: bool, addresses: Counter[str], names: Counter[bytes]) -> str:
    if one.remote_id and trusted:
        return _short(one.remote_id)
    if one.address and addresses[one.address] == 1:
        return _short(one.address)
    return f"sha256:{(one.name if names[one.name] == 1 else one.whole).hex()}"


def _numbered(identity: str, used: set[str]) -> str:
    number, found = 1, identity
    while found in used:
        number += 1
        found = f"{identity}:{number}"
    return found


def _short(text: str) -> str:
    """An identity that fits its column: a longer one stands as its hash."""
    return text if len(text) <= LONGEST_ID else f"sha256:{_digest((text,)).hex()}"


def _name(draft: Draft) -> tuple[str, ...]:
    return draft.values["title"], draft.values.get("provider", "")


def _digest(parts: Iterable[str]) -> bytes:
    return sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()


def _listing(source_key: str, draft: Draft) -> Listing:
    """What was read, as a listing that has no identity yet."""
    values = dict(draft.values)
    values["resources"] = tuple(values.get("resources", ()))
    return Listing(source_key, "", **values, words=tuple(draft.words), unread=tuple(draft.unread))
