"""Second factors and tokens: one-time codes, recovery codes, random tokens that are stored only as a hash."""

import base64
import hashlib
import hmac
import io
import re
import secrets
import unicodedata
import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import pyotp

from policies.later import Later
from tenancy import passwords

if TYPE_CHECKING:
    import segno
else:
    segno = Later("segno")

STEP_SECONDS = 30
DIGITS = 6
WINDOW = (-1, 0, 1)
SECRET_CHARACTERS = 32
TOKEN_BYTES = 20
CHECKSUM_CHARACTERS = 7
RECOVERY_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
RECOVERY_CHARACTERS = 10


def new_secret() -> str:
    """A fresh secret for one-time codes: 160 random bits in base32, as RFC 4226 recommends."""
    return pyotp.random_base32(SECRET_CHARACTERS)


def otpauth_uri(secret: str, account: str, issuer: str) -> str:
    """The address an authenticator application takes its settings from; it holds the secret."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(name=account, issuer_name=issuer)


def qr_svg(uri: str, title: str) -> str:
    """`uri` as a QR code: a scalable SVG element, black on white, without inline style, named by `title`."""
    drawn = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(
        drawn,
        kind="svg",
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        omitsize=True,
        light="#fff",
        title=title,
    )
    return drawn.getvalue().decode("utf-8")


def verify_totp(secret: str, code: str, at: datetime, last_counter: int | None) -> int | None:
    """The counter (RFC 6238) that `code` stands for at the instant `at`, or None when it stands for none.

    One step of 30 s either way is allowed for clocks. A counter not above `last_counter`, the last accepted,
    is refused: a code works once. The caller stores the counter it gets in the same transaction.
    """
    if at.tzinfo is None:
        raise ValueError("a naive datetime has no place in a check of one-time codes")
    given = re.sub(r"\s", "", unicodedata.normalize("NFKC", code))
    generator = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    now = int(at.timestamp()) // STEP_SECONDS
    found = None
    for counter in (now + step for step in WINDOW):
        fits = same(generator.generate_otp(counter), given)
        if fits and (last_counter is None or counter > last_counter):
            found = counter
    return found


def new_recovery_codes(count: int = 10) -> list[str]:
    """Fresh recovery codes such as "7KQ2M-XB9RD", shown once; store `hash_recovery_code` of each."""
    return [
        "-".join("".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_CHARACTERS // 2)) for _ in range(2))
        for _ in range(count)
    ]


def hash_recovery_code(code: str) -> str:
    """Hash a recovery code like a password: its 49 bits would not withstand a fast hash (ASVS 5.0, 6.5.2)."""
    return passwords.hash(_recovery(code))


def match_recovery_code(code: str, hashes: Iterable[str]) -> str | None:
    """The one of `hashes` that `code` belongs to, or None; the caller deletes it, as a code works once.

    Costs some 25 ms a hash, whether one fits or not.
    """
    given = _recovery(code)
    found = None
    for stored in hashes:
        if passwords.verify(stored, given):
            found = stored
    return found


def new_token(prefix: str = "tx_") -> tuple[str, str, str]:
    """A fresh token of 160 random bits: the token itself, shown once, its hash to store, a hint to show.

    The token ends in a checksum of seven characters, by which scanners of public code know it from chance.
    """
    body = prefix + _base32(secrets.token_bytes(TOKEN_BYTES))
    return body + _checksum(body), token_hash(body + _checksum(body)), body[: len(prefix) + 4] + "…"


def is_token(text: str, prefix: str = "tx_") -> bool:
    """Tell whether `text` has the form and checksum of a token, before anybody looks for it."""
    if not re.fullmatch(re.escape(prefix) + r"[a-z2-7]{39}", text):
        return False
    return same(_checksum(text[:-CHECKSUM_CHARACTERS]), text[-CHECKSUM_CHARACTERS:])


def token_hash(plain: str) -> str:
    """SHA-256 of a token, 64 hexadecimal digits; enough for 160 random bits."""
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare two secrets in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def _recovery(code: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", code)).upper()


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def _checksum(body: str) -> str:
    return _base32(zlib.crc32(body.encode("utf-8")).to_bytes(4))
