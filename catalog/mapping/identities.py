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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

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

Reader = Callable[[Mapping[str, object], str], Draft]
"""Reads one record; the text is the path to it, as in `dataset[17]`. Raises Unusable."""


@dataclass
class _Taken:
    position: int
    path: str
    record: Mapping[str, object]
    draft: Draft


def gather(source_key: str, records: Iterable[object], read: Reader, where: str = "") -> Reading:
    """Read every record and account for it; `where` is the path to the list of them."""
    taken: list[_Taken] = []
    rejected: list[Rejected] = []
    seen: set[bytes] = set()
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
            taken.append(_Taken(number - 1, path, record, read(record, path)))  # type: ignore[arg-type]
            seen.add(mark)
        except Unusable as fault:
            rejected.append(Rejected(number - 1, fault.path, fault.problem, fault.remedy, record))
    listings = _identified(source_key, taken, rejected)
    return Reading(tuple(listings), tuple(sorted(rejected, key=lambda one: one.position)), repeated, number)


def _mark(record: object, path: str) -> bytes:
    """The hash of a record as it is; Unusable for what is no record, or none that can be looked at."""
    if not isinstance(record, Mapping) or not all(isinstance(name, str) for name in record):
        raise Unusable(path, "harvest.no-record", found=type(record).__name__)
    try:
        return sha256(tidy.written(record).encode()).digest()
    except (ValueError, TypeError, RecursionError) as error:
        limits = {"depth": tidy.DEEPEST, "size": tidy.LARGEST_RECORD}
        raise Unusable(path, "harvest.unwieldy", **limits) from error


def _identified(source_key: str, taken: Sequence[_Taken], rejected: list[Rejected]) -> Iterable[Listing]:
    ids = Counter(one.draft.remote_id for one in taken if one.draft.remote_id)
    shared = ids.total() - len(ids)
    trusted = shared <= SHARED_ALWAYS or shared * SHARED_AT_MOST <= ids.total()
    addresses = Counter(_address(one.draft) for one in taken)
    names = Counter(_hash(_name(one.draft)) for one in taken)
    used: set[str] = set()
    listings: list[Listing] = []
    for one in taken:
        draft = one.draft
        if draft.address and not draft.shareable and addresses[_address(draft)] > 1:
            draft.report("source_url", draft.values.pop("source_url", ""))
            draft.say("source_url", draft.address)
        if draft.remote_id and not trusted:
            draft.say("identifier", draft.remote_id)
        identity = _identity(draft, trusted, addresses, names)
        if identity in used and draft.remote_id and trusted:
            fault = Unusable(one.path, "harvest.id-repeated", external_id=draft.remote_id)
            rejected.append(Rejected(one.position, fault.path, fault.problem, fault.remedy, one.record))
            continue
        identity = _numbered(identity, used)
        used.add(identity)
        listings.append(_listing(source_key, identity, draft))
    return listings


def _identity(draft: Draft, trusted: bool, addresses: Counter[str], names: Counter[str]) -> str:
    if draft.remote_id and trusted:
        return _short(draft.remote_id)
    address, name = _address(draft), _hash(_name(draft))
    if address and addresses[address] == 1:
        return _short(address)
    return f"sha256:{name if names[name] == 1 else _hash((*_name(draft), *draft.stable))}"


def _numbered(identity: str, used: set[str]) -> str:
    number, found = 1, identity
    while found in used:
        number += 1
        found = f"{identity}:{number}"
    return found


def _short(text: str) -> str:
    """An identity that fits its column: a longer one stands as its hash."""
    return text if len(text) <= LONGEST_ID else f"sha256:{_hash((text,))}"


def _address(draft: Draft) -> str:
    return draft.address.partition("://")[2].rstrip("/")


def _name(draft: Draft) -> tuple[str, ...]:
    return draft.values["title"], draft.values.get("provider", "")


def _hash(parts: Iterable[str]) -> str:
    return sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _listing(source_key: str, identity: str, draft: Draft) -> Listing:
    values = dict(draft.values)
    values["resources"] = tuple(values.get("resources", ()))
    return Listing(source_key, identity, **values, words=tuple(draft.words), unread=tuple(draft.unread))
