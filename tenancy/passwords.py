"""Passwords: which ones are taken, how they are kept, how one is checked without giving accounts away.

Rules after OWASP ASVS 5.0, 6.2: length instead of composition, no common password, none of the account's own
words; a password is hashed exactly as it was typed.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError, VerifyMismatchError

from policies.refusals import Invalid

LEAST = 12
MOST = 128
FEWEST_DIFFERENT = 4
SHORTEST_WORD = 4
SHORTEST_CHINESE_WORD = 2
PLATFORM_WORDS = ("tiaoxi", "苕溪")
COMMON = Path(__file__).with_name("common_passwords.txt")

# 19 MiB and two passes, the OWASP minimum: twenty people signing in at once take 380 MiB, not 1.3 GB.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# The hash of a random value that nobody knows, checked where there is no account.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$tYROjbyAG6WdRKLewWKI8A$Sf1FQaeF3MG9rPvyKvWpmGU6ikVwSX6e4O/leEpRxgs"


def check_policy(password: str, words: Iterable[str], field: str = "password") -> None:
    """Raise Invalid("password.…") for a password that is too short, too long or easy to guess.

    `words` are the account's own: login, name, mail address, organisation; each is taken apart at
    punctuation, and parts count from four letters or two Chinese characters on. `field` is the form's field.
    """
    if len(password) < LEAST:
        raise Invalid("password.too-short", least=LEAST, field=field)
    if len(password) > MOST:
        raise Invalid("password.too-long", most=MOST, field=field)
    if re.search(r"[\ud800-\udfff\x00]", password):
        raise Invalid("password.unreadable", field=field)
    folded = _folded(password)
    core = _core(folded)
    if len(set(folded)) < FEWEST_DIFFERENT or core in _common():
        raise Invalid("password.common", field=field)
    if any(word in core for word in _telling((*words, *PLATFORM_WORDS))):
        raise Invalid("password.own-word", field=field)


def hash(password: str) -> str:  # noqa: A001 - read as passwords.hash
    """Hash `password` with Argon2id; the result names its own parameters and salt."""
    return _HASHER.hash(_bytes(password))


def verify(stored: str | None, password: str) -> bool:
    """Tell whether `password` belongs to the hash `stored`; None costs the same work as a wrong password."""
    given = _bytes(password[:MOST])
    try:
        matches = _HASHER.verify(_NOBODY if stored is None else stored, given)
    except VerifyMismatchError:
        return False
    except (VerificationError, ValueError):
        if stored is None:
            raise
        # A damaged hash must not answer faster than a wrong password.
        return verify(None, password)
    return matches and stored is not None and len(password) <= MOST


def needs_rehash(stored: str) -> bool:
    """Tell whether `stored` was made with other parameters than today's and should be renewed at login."""
    return _HASHER.check_needs_rehash(stored)


@cache
def _common() -> frozenset[str]:
    lines = COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _core(folded: str) -> str:
    """Letters and digits alone: punctuation around a common word makes it no better."""
    return "".join(character for character in folded if character.isalnum())


def _telling(words: Iterable[str]) -> set[str]:
    parts = {_core(part) for word in words for part in (_folded(word), *re.split(r"[\W_]+", _folded(word)))}
    return {part for part in parts if len(part) >= (SHORTEST_WORD if part.isascii() else SHORTEST_CHINESE_WORD)}
