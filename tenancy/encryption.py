"""Personal columns at rest: authenticated encryption under a key ring, and a keyed hash to search by.

A key ring is one JSON file that only its owner may read. It holds several keys, one of them current: new
values are sealed under the current key, older ones still open, so that keys change without a standstill.
"""

import base64
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

AES_256_GCM = "AES-256-GCM"
SM4_GCM = "SM4-GCM"
KEY_BYTES = {AES_256_GCM: 32, SM4_GCM: 16}
LOOKUP_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
FORMAT = "tx1"


class KeyRingError(Exception):
    """The key ring is missing, unsafe or broken: an operator has to act."""


class DecryptionError(Exception):
    """A stored value does not open: changed, moved to another column, or sealed under a key that is gone."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a ring; `secret` has the length its algorithm asks for."""

    algorithm: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """What a ring's file holds; raises KeyRingError when the parts cannot work together."""

    sealing: Mapping[str, Key]
    current: str
    lookup: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Check lengths, algorithms and the name of the current key."""
        for key_id, key in self.sealing.items():
            if len(key.secret) != _key_bytes(key.algorithm):
                raise KeyRingError(f"key {key_id}: {key.algorithm} takes {_key_bytes(key.algorithm)} bytes")
        if self.current not in self.sealing:
            raise KeyRingError(f"the current key {self.current!r} is not in the ring")
        if len(self.lookup) != LOOKUP_BYTES:
            raise KeyRingError(f"the lookup key takes {LOOKUP_BYTES} bytes")


class KeyRing:
    """Several keys with ids, one of them current, and the key of the keyed hash, which never changes."""

    def __init__(self, keys: Keys, path: Path | None = None) -> None:
        """Work with `keys`; with a `path`, look there again when a token names a key not known yet."""
        self._keys = keys
        self._path = path

    def __repr__(self) -> str:
        """Name the keys, never show them."""
        return f"KeyRing(current={self.current!r}, ids={sorted(self._keys.sealing)!r})"

    @property
    def current(self) -> str:
        """The id of the key that seals new values."""
        return self._keys.current

    @classmethod
    def create(cls, path: Path, algorithm: str = AES_256_GCM) -> "KeyRing":
        """Write a new ring with one key to `path`, mode 0600; KeyRingError when the file exists already."""
        key_id, key = _new_key(algorithm)
        keys = Keys({key_id: key}, key_id, secrets.token_bytes(LOOKUP_BYTES))
        with _held(path.parent):
            if path.exists():
                raise KeyRingError(f"{path} exists already; a ring is never overwritten")
            _write(path, keys)
        return cls(keys, path)

    @classmethod
    def from_file(cls, path: Path) -> "KeyRing":
        """Read the ring at `path`; raise KeyRingError when it is missing, open to others or malformed."""
        return cls(_read(path), path)

    @classmethod
    def rotate(cls, path: Path, algorithm: str = AES_256_GCM) -> "KeyRing":
        """Add a new current key to the ring at `path`, keeping the older ones; return the new ring.

        A running process goes on sealing under the key it knows until it meets a token of the new one.
        """
        key_id, key = _new_key(algorithm)
        with _held(path.parent):
            old = _read(path)
            keys = Keys({**old.sealing, key_id: key}, key_id, old.lookup)
            _write(path, keys)
        return cls(keys, path)

    def encrypt(self, text: str, context: str) -> str:
        """Seal `text` for `context` ("table.column") under the current key; return a token in ASCII."""
        keys = self._keys
        key = keys.sealing[keys.current]
        nonce = secrets.token_bytes(NONCE_BYTES)
        encryptor = Cipher(_block_cipher(key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(_bound_to(keys.current, context))
        body = encryptor.update(text.encode("utf-8")) + encryptor.finalize()
        return f"{FORMAT}.{keys.current}.{_to_base64(nonce + body + encryptor.tag)}"

    def decrypt(self, token: str, context: str) -> str:
        """Open a token sealed for `context`; raise DecryptionError when anything about it was changed."""
        key_id, sealed = _parts(token)
        key = self._key(key_id, context)
        nonce, body, tag = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:-TAG_BYTES], sealed[-TAG_BYTES:]
        decryptor = Cipher(_block_cipher(key), modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(_bound_to(key_id, context))
        try:
            return (decryptor.update(body) + decryptor.finalize()).decode("utf-8")
        except InvalidTag:
            raise DecryptionError(f"a value of {context} under key {key_id} does not open") from None

    def needs_rotation(self, token: str) -> bool:
        """Tell whether `token` is sealed under another key than the current one."""
        return _parts(token)[0] != self.current

    def lookup(self, text: str) -> str:
        """Keyed hash to search for equals: HMAC-SHA256 of the normalised `text`, 64 hexadecimal digits."""
        return hmac.new(self._keys.lookup, normalise(text).encode("utf-8"), hashlib.sha256).hexdigest()

    def _key(self, key_id: str, context: str) -> Key:
        if key_id not in self._keys.sealing and self._path is not None:
            # Another process may have rotated the ring since this one read it.
            self._keys = _read(self._path)
        try:
            return self._keys.sealing[key_id]
        except KeyError:
            raise DecryptionError(f"a value of {context} needs key {key_id}, which the ring lacks") from None


def normalise(text: str) -> str:
    """Bring spellings of one value together for searching: full and half width, letter case, white space."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


class _Process:
    """The ring this process reads and writes personal columns with."""

    ring: KeyRing | None = None


def use(ring: KeyRing | None) -> None:
    """Put `ring` in use for every encrypted column of this process; None takes it away."""
    _Process.ring = ring


def in_use() -> KeyRing:
    """The ring in use; raise KeyRingError when none was set."""
    if _Process.ring is None:
        raise KeyRingError("no key ring is in use: call encryption.use(ring) before personal columns are touched")
    return _Process.ring


class Encrypted(TypeDecorator[str]):
    """A text column stored sealed; `context` is "table.column" and must never change once rows exist.

    Sealing the same text twice gives different tokens, so the column refuses to be compared or sorted in SQL:
    search by a second column that holds `lookup(text)`.
    """

    impl = Text
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[str]):
        """Lets only "is null" and "is not null" through."""

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            """Build a test for null; raise TypeError for every other comparison."""
            if len(other) == 1 and other[0] is None:
                return super().operate(op, *other, **kwargs)
            raise TypeError("an encrypted column cannot be compared in SQL; search by its lookup column")

    comparator_factory = Comparator

    def __init__(self, context: str) -> None:
        """Bind the column to its `context`."""
        super().__init__()
        self.context = context

    def __repr__(self) -> str:
        """Spell the type for migrations."""
        return f"Encrypted({self.context!r})"

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Seal on the way in."""
        return None if value is None else in_use().encrypt(value, self.context)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Open on the way out."""
        return None if value is None else in_use().decrypt(value, self.context)


def _key_bytes(algorithm: str) -> int:
    try:
        return KEY_BYTES[algorithm]
    except KeyError:
        raise KeyRingError(f"unknown algorithm {algorithm!r}, known: {', '.join(KEY_BYTES)}") from None


def _new_key(algorithm: str) -> tuple[str, Key]:
    return secrets.token_hex(4), Key(algorithm, secrets.token_bytes(_key_bytes(algorithm)))


def _block_cipher(key: Key) -> algorithms.AES | algorithms.SM4:
    return algorithms.SM4(key.secret) if key.algorithm == SM4_GCM else algorithms.AES(key.secret)


def _bound_to(key_id: str, context: str) -> bytes:
    return f"{FORMAT}.{key_id}.{context}".encode()


def _parts(token: str) -> tuple[str, bytes]:
    """Split a token into key id and sealed bytes; raise DecryptionError when it is none."""
    try:
        form, key_id, body = token.split(".")
        sealed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise DecryptionError("a stored value is not a sealed token") from None
    if form != FORMAT or len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise DecryptionError("a stored value is not a sealed token")
    return key_id, sealed


def _to_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _read(path: Path) -> Keys:
    try:
        mode = path.stat().st_mode & 0o777
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise KeyRingError(f"{path} is missing; without it the encrypted columns cannot be read") from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyRingError(f"{path} cannot be read: {type(error).__name__}") from None
    if mode & 0o027:
        raise KeyRingError(f"{path} has mode {mode:04o}: others may use it or its group change it; set 0600")
    try:
        return _parsed(text)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # The cause is left out: its message may quote a piece of the secrets.
        raise KeyRingError(f"{path} is not a key ring ({type(error).__name__})") from None


def _parsed(text: str) -> Keys:
    content = json.loads(text)
    sealing = {
        key_id: Key(entry["algorithm"], base64.b64decode(entry["secret"], validate=True))
        for key_id, entry in content["keys"].items()
    }
    return Keys(sealing, content["current"], base64.b64decode(content["lookup"], validate=True))


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep other writers out of `folder`, then flush it: no row may reach the disk before its key."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, keys: Keys) -> None:
    """Write `keys` to `path` whole or not at all, readable by its owner alone."""
    content = {
        "current": keys.current,
        "lookup": base64.b64encode(keys.lookup).decode("ascii"),
        "keys": {
            key_id: {"algorithm": key.algorithm, "secret": base64.b64encode(key.secret).decode("ascii")}
            for key_id, key in keys.sealing.items()
        },
    }
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
