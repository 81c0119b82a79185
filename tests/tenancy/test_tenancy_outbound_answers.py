"""What other machines answer: too large, broken, slow, or with a certificate that doesn't count."""

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from outbound_stage import PUBLIC, Answer, Listener, answer, client, url

from policies.refusals import Refused
from tenancy.outbound import Allowed, Client, Network, Response


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


def endless(sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        sock.sendall(b"x" * 65536)


def endless_chunks(sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        sock.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def plain(head: str, body: bytes = b"") -> bytes:
    return f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + body


BOMB = gzip.compress(b"0" * 20_000_000)


TOO_LARGE = {
    "one byte too many": answer(b"x" * 100_001),
    "declared only": plain("Content-Length: 100001"),
    "declared without end": plain("Content-Length: " + "9" * 5000),
    "no size at all": endless,
    "chunks without end": endless_chunks,
    "one giant chunk": plain("Transfer-Encoding: chunked", b"fffffff\r\n" + b"x" * 200_000),
    "negative size": plain("Content-Length: -1", b"x" * 200_000),
    "no number": plain("Content-Length: many", b"x" * 200_000),
    "bomb": answer(BOMB, "Content-Encoding: gzip"),
    "bomb in chunks": plain(
        "Content-Encoding: gzip\r\nTransfer-Encoding: chunked",
        f"{len(BOMB):x}\r\n".encode() + BOMB + b"\r\n0\r\n\r\n",
    ),
}


@pytest.mark.parametrize("sent", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_a_body_past_the_limit_is_not_taken(listener: Listener, sent: Answer) -> None:
    listener.answers["/"] = sent
    with pytest.raises(Refused) as caught:
        client(listener).get(url(listener), limit=100_000)
    assert caught.value.code == "outbound.too-large"


def test_a_body_at_the_limit_is_taken_and_unpacked(listener: Listener) -> None:
    listener.answers["/"] = answer(gzip.compress(b"x" * 100_000), "Content-Encoding: gzip", "ETag: W/1")
    got = client(listener).get(url(listener), limit=100_000)
    assert got.body == b"x" * 100_000
    assert got.headers["etag"] == "W/1"


def test_a_body_is_read_no_further_than_declared(listener: Listener) -> None:
    listener.answers["/"] = plain("Content-Length: 3", b"abcdef")
    assert client(listener).get(url(listener)).body == b"abc"


BROKEN = {
    "shorter than declared": plain("Content-Length: 10", b"abc"),
    "two sizes": plain("Content-Length: 1\r\nContent-Length: 2", b"ab"),
    "bad chunk": plain("Transfer-Encoding: chunked", b"zz\r\nabc"),
    "no gzip": answer(b"plain", "Content-Encoding: gzip"),
    "no HTTP": b"SSH-2.0-server\r\n\r\n",
    "nothing": b"",
    "many headers": plain("\r\n".join(f"H{number}: x" for number in range(500))),
    "long header": plain("H: " + "x" * 70_000),
}


@pytest.mark.parametrize("sent", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_refused(listener: Listener, sent: bytes) -> None:
    listener.answers["/"] = sent
    with pytest.raises(Refused) as caught:
        client(listener).get(url(listener))
    assert caught.value.code == "outbound.broken"


def drip(first: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    def send(sock: socket.socket) -> None:
        sock.sendall(first)
        pause = threading.Event()
        while not pause.wait(0.05):
            sock.sendall(drop)

    return send


def wait_for_goodbye(sock: socket.socket) -> None:
    while sock.recv(4096):
        pass


SLOW = {
    "silence": wait_for_goodbye,
    "status": drip(b"HTTP/1.1 200 ", b"x"),
    "headers": drip(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
    "body without size": drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    "continues": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW.keys())
def test_a_slow_sender_is_cut_off(listener: Listener, sent: Answer) -> None:
    listener.answers["/"] = sent
    with pytest.raises(Refused) as caught:
        client(listener).get(url(listener), timeout=0.4)
    assert caught.value.code == "outbound.timeout"


def test_a_closed_port_is_unreachable(listener: Listener) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = int(other.getsockname()[1])
    with pytest.raises(Refused) as caught:
        Client(allowed=frozenset({Allowed("127.0.0.1", port)})).get(f"http://127.0.0.1:{port}/")
    assert caught.value.code == "outbound.unreachable"


def test_a_silent_address_leaves_time_for_the_next(listener: Listener) -> None:
    dialled: list[str] = []

    def dial(address: tuple[str, int], timeout: float) -> socket.socket:
        dialled.append(address[0])
        if address[0] != PUBLIC:
            raise TimeoutError
        return socket.create_connection(("127.0.0.1", listener.port), timeout)

    two = Network(lambda _host, _port: ["8.8.8.8", PUBLIC], dial)
    assert Client(network=two).get("http://public.test/").body == b"hello"
    assert dialled == ["8.8.8.8", PUBLIC]
    with pytest.raises(Refused) as caught:
        Client(network=Network(lambda _host, _port: ["8.8.8.8"], dial)).get("http://public.test/")
    assert caught.value.code == "outbound.timeout"


def certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate for `name` with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def call_over_tls(certified: Path, trusted: Path | None) -> Response:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certified)
    tls = ssl.create_default_context(cafile=trusted)
    listener = Listener(server)
    try:
        named = Client(allowed=frozenset({Allowed("localhost", listener.port)}), tls=tls)
        return named.get(f"https://localhost:{listener.port}/")
    finally:
        assert listener.connections == 1
        assert len(listener.requests) == int(trusted is not None and certified.name == "localhost.pem")
        listener.close()


def test_only_a_verified_certificate_for_the_right_name_is_taken(tmp_path: Path) -> None:
    good, other = certificate(tmp_path, "localhost"), certificate(tmp_path, "evil.test")
    assert call_over_tls(good, good).body == b"hello"
    for certified, trusted in ((good, None), (other, None), (other, other)):
        with pytest.raises(Refused) as caught:
            call_over_tls(certified, trusted)
        assert caught.value.code == "outbound.tls"


def test_a_context_that_takes_any_certificate_is_refused() -> None:
    careless = ssl.create_default_context()
    careless.check_hostname = False
    with pytest.raises(ValueError, match="certificates"):
        Client(tls=careless)
