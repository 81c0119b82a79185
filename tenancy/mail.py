"""Outgoing mail: one short text to one person, over SMTP with a verified certificate, or into a folder."""

import hashlib
import ipaddress
import os
import re
import secrets
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from pathlib import Path
from typing import Literal, Protocol

Security = Literal["starttls", "tls", "none"]
SECONDS = 20.0
MAX_ADDRESS = 254
PERMANENT = range(500, 600)


class MailError(Exception):
    """A message was not taken; `permanent` tells that trying again is of no use."""

    def __init__(self, sentence: str, *, permanent: bool) -> None:
        super().__init__(sentence)
        self.permanent = permanent


class Post(Protocol):
    """What sends a message, wherever to."""

    def send(self, to: str, subject: str, text: str, message_id: str, headers: Mapping[str, str] | None = None) -> None:
        """Send `text` to the address `to`; a repeated sending bears the same `message_id`."""
        ...


@dataclass(frozen=True, slots=True)
class Mailer:
    """Hands messages to an SMTP server: never past a bad certificate, without TLS only on this machine.

    `sender` is an address or "Name <address>"; `user` None means no login.
    """

    host: str
    port: int
    security: Security
    user: str | None
    password: str | None = field(repr=False)
    sender: str
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    def __post_init__(self) -> None:
        """Raise ValueError for settings that cannot work or would give messages or the password away."""
        if self.security not in ("starttls", "tls", "none"):
            raise ValueError(f"mail security must be starttls, tls or none, not {self.security!r}")
        if self.security == "none" and not _is_this_machine(self.host):
            raise ValueError(f"mail to {self.host} must use starttls or tls; none is for this machine only")
        if self.tls.verify_mode != ssl.CERT_REQUIRED or not self.tls.check_hostname:
            raise ValueError("the TLS context of mail must require certificates and check host names")
        try:
            _sender(self.sender)
        except MailError as error:
            raise ValueError(str(error)) from None

    def send(self, to: str, subject: str, text: str, message_id: str, headers: Mapping[str, str] | None = None) -> None:
        """Send one message; raise MailError when it is malformed or the server did not take it."""
        message = compose(self.sender, to, subject, text, message_id, headers)
        try:
            with self._connected() as server:
                if self.security == "starttls":
                    server.starttls(context=self.tls)
                if self.user is not None:
                    server.login(self.user, self.password or "")
                server.send_message(message)
        except (smtplib.SMTPException, OSError) as error:
            raise self._undelivered(error) from None

    def _connected(self) -> smtplib.SMTP:
        # Naming ourselves after the sender spares a look-up of this machine's own name.
        name = _sender(self.sender).domain
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, name, timeout=SECONDS, context=self.tls)
        return smtplib.SMTP(self.host, self.port, name, timeout=SECONDS)

    def _undelivered(self, error: Exception) -> MailError:
        """Say what went wrong without the server's own words, which may repeat addresses or a login."""
        codes = [getattr(error, "smtp_code", None)]
        about_message = isinstance(error, smtplib.SMTPDataError)
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            codes, about_message = [code for code, _ in error.recipients.values()], True
        shown = " ".join(str(code) for code in codes if code is not None)
        return MailError(
            f"{self.host}:{self.port} {type(error).__name__} {shown}".rstrip(),
            permanent=about_message and all(code in PERMANENT for code in codes),
        )


@dataclass(frozen=True, slots=True)
class OutboxFolder:
    """Keeps messages as .eml files where there is no mail server; the same message is kept once."""

    folder: Path
    sender: str

    def send(self, to: str, subject: str, text: str, message_id: str, headers: Mapping[str, str] | None = None) -> None:
        """Write one message; raise MailError when it is malformed or could not be written whole."""
        message = compose(self.sender, to, subject, text, message_id, headers)
        name = hashlib.sha256(message_id.encode("utf-8")).hexdigest()[:32]
        draft = self.folder / f".{name}.{secrets.token_hex(4)}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                _write_private(draft, message.as_bytes())
                draft.replace(self.folder / f"{name}.eml")
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            raise MailError(f"{self.folder}: {error.strerror}", permanent=False) from error


def compose(
    sender: str, to: str, subject: str, text: str, message_id: str, headers: Mapping[str, str] | None = None
) -> EmailMessage:
    """Build the message; raise MailError (permanent) for an address, subject or id that could add headers."""
    if any(
        re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", part)
        for part in (to, subject, message_id, sender, *(headers or {}).values())
    ):
        raise MailError("a header of the message contains a control character", permanent=True)
    if not re.fullmatch(r"<[^<>@\s]{1,200}@[^<>@\s]{1,200}>", message_id, re.ASCII) or not message_id.isascii():
        raise MailError("a message id looks like <something@somewhere>", permanent=True)
    message = EmailMessage(policy=SMTP)
    message["From"] = _sender(sender)
    message["To"] = _address(to)
    message["Subject"] = _encodable(subject)
    message["Date"] = formatdate()
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(_encodable(text), cte="base64")
    return message


def _sender(text: str) -> Address:
    name, address = parseaddr(text)
    return Address(display_name=name, addr_spec=_address(address).addr_spec)


def _address(text: str) -> Address:
    """One plain ASCII address; raise MailError otherwise."""
    try:
        found = Address(addr_spec=text)
    except (HeaderParseError, ValueError, IndexError):
        raise MailError("a mail address is not valid", permanent=True) from None
    if not text.isascii() or not found.username or not found.domain or len(text) > MAX_ADDRESS:
        raise MailError("a mail address is not valid", permanent=True)
    return found


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
