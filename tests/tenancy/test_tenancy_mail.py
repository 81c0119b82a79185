"""Mail: it arrives whole, adds no headers, and is never handed to a server that is not who it says it is."""

import email
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tenancy.mail import Mailer, MailError, OutboxFolder, Security, compose

SENDER = "苕溪公共数据平台 <noreply@data.test>"
ID = "<7c1f@data.test>"
TEXT = "您的申请已批准。\n\n.\n单独一行的点也要保留。\n" + "长" * 2000
PASSWORD = "canary-4711"


def read(content: bytes) -> EmailMessage:
    return cast(EmailMessage, email.message_from_bytes(content, policy=default))


class Inbox:
    """What the server took; addresses beginning with "full" or "gone" are refused."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.answer = "250 OK"

    async def handle_RCPT(self, _s: Any, _session: Any, envelope: Envelope, to: str, _o: Any) -> str:  # noqa: N802
        if to.startswith(("full", "gone")):
            return "452 mailbox full" if to.startswith("full") else "550 no such user"
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.answer == "250 OK":
            self.messages.append(read(bytes(envelope.content or b"")))
        return self.answer

    def check(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, login: Any) -> AuthResult:
        self.logins.append((login.login, login.password))
        return AuthResult(success=login.password == PASSWORD.encode(), handled=False)


def certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{name}.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


class Server(Controller):
    """Learns which free port it was given before it greets itself."""

    def _trigger_server(self) -> None:
        self.port = int(self.server.sockets[0].getsockname()[1])
        super()._trigger_server()


class Office:
    """Starts real SMTP servers on this machine, each with its own inbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.good = certificate(folder, "localhost")
        self.evil = certificate(folder, "evil.test")
        self.running: list[Controller] = []

    def open(self, security: Security, certified: Path | None = None, *, login: bool = False) -> tuple[Inbox, int]:
        inbox, tls = Inbox(), None
        if certified is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certified)
        controller = Server(
            inbox,
            hostname="127.0.0.1",
            port=0,
            ssl_context=tls if security == "tls" else None,
            tls_context=tls if security == "starttls" else None,
            authenticator=inbox.check if login else None,
            auth_required=login,
            auth_require_tls=security == "starttls",
        )
        controller.start()
        self.running.append(controller)
        return inbox, controller.port

    def mailer(self, port: int, security: Security, trusted: Path | None = None, **login: str) -> Mailer:
        return Mailer(
            host="localhost",
            port=port,
            security=security,
            user=login.get("user"),
            password=login.get("password"),
            sender=SENDER,
            tls=ssl.create_default_context(cafile=trusted),
        )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    for controller in made.running:
        controller.stop()


def assert_whole(message: EmailMessage) -> None:
    assert message["From"] == SENDER
    assert message["To"] == "wang@example.org"
    assert message["Subject"] == "申请结果"
    assert message["Message-ID"] == ID
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime is not None
    assert message.get_content().replace("\r\n", "\n").rstrip("\n") == TEXT


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_a_message_arrives_whole(office: Office, security: Security) -> None:
    inbox, port = office.open(security, None if security == "none" else office.good)
    office.mailer(port, security, office.good).send("wang@example.org", "申请结果", TEXT, ID)
    assert_whole(inbox.messages[0])


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(("shown", "trusted"), [("good", None), ("evil", None), ("evil", "evil")])
def test_a_false_certificate_gets_neither_login_nor_message(
    office: Office, security: Security, shown: str, trusted: str | None
) -> None:
    certificates = {"good": office.good, "evil": office.evil, None: None}
    inbox, port = office.open(security, certificates[shown], login=security == "starttls")
    mailer = office.mailer(port, security, certificates[trusted], user="portal", password=PASSWORD)
    with pytest.raises(MailError, match="SSLCertVerificationError") as caught:
        mailer.send("wang@example.org", "申请结果", TEXT, ID)
    assert not caught.value.permanent
    assert (inbox.messages, inbox.logins) == ([], [])


def test_a_server_without_starttls_gets_nothing(office: Office) -> None:
    inbox, port = office.open("none")
    with pytest.raises(MailError, match="SMTPNotSupportedError"):
        office.mailer(port, "starttls", office.good).send("wang@example.org", "申请结果", TEXT, ID)
    assert inbox.messages == []


def test_login_works_and_a_wrong_password_is_not_repeated_in_the_error(office: Office) -> None:
    inbox, port = office.open("starttls", office.good, login=True)
    office.mailer(port, "starttls", office.good, user="portal", password=PASSWORD).send("a@b.test", "s", "t", ID)
    assert inbox.logins == [(b"portal", PASSWORD.encode())]
    assert len(inbox.messages) == 1
    wrong = office.mailer(port, "starttls", office.good, user="portal", password="wrong-canary")
    with pytest.raises(MailError, match="535") as caught:
        wrong.send("a@b.test", "s", "t", ID)
    assert "canary" not in str(caught.value) + repr(wrong)
    assert not caught.value.permanent


@pytest.mark.parametrize(
    ("to", "answer", "permanent"),
    [
        ("gone@b.test", "250 OK", True),
        ("full@b.test", "250 OK", False),
        ("a@b.test", "451 later", False),
        ("a@b.test", "554 never", True),
    ],
)
def test_an_error_tells_whether_another_try_is_of_use(office: Office, to: str, answer: str, permanent: bool) -> None:
    inbox, port = office.open("none")
    inbox.answer = answer
    with pytest.raises(MailError) as caught:
        office.mailer(port, "none").send(to, "s", "t", ID)
    assert caught.value.permanent is permanent
    assert to not in str(caught.value)


def test_an_absent_server_is_worth_another_try() -> None:
    with pytest.raises(MailError, match="ConnectionRefusedError") as caught:
        Mailer("127.0.0.1", 1, "none", None, None, SENDER).send("a@b.test", "s", "t", ID)
    assert not caught.value.permanent


def careless() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    return context


@pytest.mark.parametrize(
    "build",
    [
        lambda: Mailer("mail.test", 25, "none", None, None, SENDER),
        lambda: Mailer("10.0.0.1", 25, "none", None, None, SENDER),
        lambda: Mailer("localhost.evil.test", 25, "none", None, None, SENDER),
        lambda: Mailer("mail.test", 25, cast(Security, "ssl"), None, None, SENDER),
        lambda: Mailer("mail.test", 465, "tls", None, None, SENDER, careless()),
        lambda: Mailer("mail.test", 465, "tls", None, None, "苕溪"),
    ],
)
def test_careless_settings_are_refused(build: Callable[[], Mailer]) -> None:
    with pytest.raises(ValueError, match="mail"):
        build()


@pytest.mark.parametrize(
    "to",
    [
        "",
        "wang",
        "@b.test",
        "a@",
        "a@b.test, c@d.test",
        "a@b.test;c@d.test",
        "王@b.test",
        "a@b.test\nBcc: c@d.test",
        "a@b.test\r\n\r\nbody",
        "a\x00@b.test",
        "Wang <a@b.test>",
        "a" * 300 + "@b.test",
    ],
)
def test_what_is_no_single_address_is_refused(tmp_path: Path, to: str) -> None:
    with pytest.raises(MailError) as caught:
        OutboxFolder(tmp_path, SENDER).send(to, "s", "t", ID)
    assert caught.value.permanent
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("part", ["subject", "message_id", "sender"])
@pytest.mark.parametrize("bad", ["x\nBcc: c@d.test", "x\rBcc: c@d.test", "x\r\n\r\nbody", "x\x00", "x\u2028y"])
def test_no_header_can_be_slipped_in(part: str, bad: str) -> None:
    parts = {"sender": SENDER, "to": "a@b.test", "subject": "s", "text": "t", "message_id": ID}
    parts[part] = f"<{bad}@b.test>" if part == "message_id" else bad
    with pytest.raises(MailError):
        compose(**parts)


@pytest.mark.parametrize("bad", ["", "a@b", "<a b@c>", "<a@b> x", "<a>", "<a@b@c>", "<数@b>"])
def test_a_message_id_has_one_form(bad: str) -> None:
    with pytest.raises(MailError):
        compose(SENDER, "a@b.test", "s", "t", bad)


@given(subject=st.text(st.characters(exclude_categories=["Cc", "Zl", "Zp"])), text=st.text())
def test_any_text_stays_in_its_place(subject: str, text: str) -> None:
    message = read(compose(SENDER, "a@b.test", subject, text, ID).as_bytes())
    assert {name.lower() for name in message} == {
        *("from", "to", "subject", "date", "message-id", "auto-submitted"),
        *("content-type", "content-transfer-encoding", "mime-version"),
    }
    assert message.get_all("to") == ["a@b.test"]


def test_the_outbox_keeps_a_message_once_and_private(tmp_path: Path) -> None:
    outbox = OutboxFolder(tmp_path / "outbox", SENDER)
    for _ in range(2):
        outbox.send("wang@example.org", "申请结果", TEXT, ID)
    outbox.send("wang@example.org", "申请结果", TEXT, "<../../etc/passwd@data.test>")
    files = sorted((tmp_path / "outbox").iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"]
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    kept = [read(file.read_bytes()) for file in files]
    assert_whole(next(message for message in kept if message["Message-ID"] == ID))


def test_an_outbox_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file in the way")
    with pytest.raises(MailError, match="exists") as caught:
        OutboxFolder(tmp_path / "outbox", SENDER).send("a@b.test", "s", "t", ID)
    assert not caught.value.permanent
