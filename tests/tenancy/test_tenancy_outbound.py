"""Guarded calls: whatever address is given, no connection leads into the inner network unless it is named."""

import gzip
import ipaddress
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
from hypothesis import given
from hypothesis import strategies as st

from policies.refusals import Refused
from tenancy.outbound import Allowed, Client, Network, Response, is_public, is_reachable

PUBLIC = "93.184.216.34"
Answer = bytes | Callable[[socket.socket], None]


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def redirect(location: str) -> bytes:
    return answer(b"", f"Location: {location}", status="302 Found")


class Listener:
    """A real server on every address of this machine that counts connections and plays prepared answers."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[bytes] = []
        self.connections = 0
        self._tls = tls
        six = socket.has_dualstack_ipv6()
        family = socket.AF_INET6 if six else socket.AF_INET
        self._server = socket.create_server(("", 0), family=family, dualstack_ipv6=six)
        self.port = int(self._server.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            sock, _ = self._server.accept()
            with sock:
                if self.connections == -1:
                    return
                self.connections += 1
                try:
                    self._answer(self._tls.wrap_socket(sock, server_side=True) if self._tls else sock)
                except OSError:
                    # The guarded client went away, as it should.
                    continue

    def _answer(self, sock: socket.socket) -> None:
        with sock:
            head = b""
            while b"\r\n\r\n" not in head:
                head += sock.recv(4096) or b"\r\n\r\n"
            self.requests.append(head)
            path = head.split(b" ")[1].decode() if b" " in head else ""
            chosen = self.answers.get(path, answer(b"hello"))
            if isinstance(chosen, bytes):
                sock.sendall(chosen)
            else:
                chosen(sock)

    def close(self) -> None:
        self.connections = -1
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._server.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


def client(listener: Listener) -> Client:
    return Client(allowed=frozenset({Allowed("127.0.0.1", listener.port)}))


def url(listener: Listener, path: str = "/") -> str:
    return f"http://127.0.0.1:{listener.port}{path}"


NAMES = {
    "office.test": ["10.20.30.40"],
    "127.0.0.1.nip.test": ["127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "six.test": ["::1"],
    "scoped.test": ["fe80::1%1"],
    "mixed.test": [PUBLIC, "127.0.0.1"],
    "mixed-six.test": [PUBLIC, "::ffff:127.0.0.1"],
    "nobody.test": [],
    "garbage.test": ["not an address"],
}
HOSTS = """
127.0.0.1 127.0.0.2 127.255.255.254 127.1 127.0.1 0 0.0.0.0 0.1.2.3 0x7f.0.0.1 0x7f.1 0x7f000001
017700000001 0177.0.0.1 2130706433 127.0.0.1. localhost LOCALHOST localhost. %31%32%37.0.0.1 10.0.0.1
10.255.255.255 0xa.0.0.1 172.16.0.1 172.31.255.254 192.168.0.1 3232235521 100.64.0.1 100.127.255.254
100.100.100.200 169.254.0.1 169.254.169.254 0xa9fea9fe 168.63.129.16 192.0.0.1 192.0.0.192 192.0.2.1
192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1
255.255.255.255 [::] [::1] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:8.8.8.8]
[::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b::808:808] [64:ff9b:1::1] [2002:7f00:1::1] [2002:808:808::1]
[2001:0:808:808::1] [2001:2::1] [2001:10::1] [2001:db8::1] [3fff::1] [100::1] [5f00::1] [fc00::1]
[fd00:ec2::254] [fe80::1] [fec0::1] [ff02::1] [ff0e::1] office.test OFFICE.test. 127.0.0.1.nip.test
metadata.google.internal six.test scoped.test mixed.test mixed-six.test
"""
TARGETS = [
    *((f"http://{host}:PORT/", "outbound.address") for host in HOSTS.split()),
    ("https://127.0.0.1:PORT/", "outbound.address"),
    ("http://nobody.test:PORT/", "outbound.unresolvable"),
    ("http://garbage.test:PORT/", "outbound.unresolvable"),
    (f"http://{'a' * 64}:PORT/", "outbound.unresolvable"),
    ("http://127.0.0.1:22/", "outbound.port"),
    ("http://127.0.0.1:6379/", "outbound.port"),
    (f"http://{PUBLIC}:25/", "outbound.port"),
    ("file:///etc/passwd", "outbound.scheme"),
    ("ftp://127.0.0.1:PORT/", "outbound.scheme"),
    ("gopher://127.0.0.1:PORT/_", "outbound.scheme"),
    ("dict://127.0.0.1:PORT/", "outbound.scheme"),
    ("ws://127.0.0.1:PORT/", "outbound.scheme"),
    ("http+unix://127.0.0.1:PORT/", "outbound.scheme"),
    ("data:text/plain,hello", "outbound.scheme"),
    ("//127.0.0.1:PORT/", "outbound.scheme"),
    ("127.0.0.1:PORT/", "outbound.scheme"),
    ("", "outbound.scheme"),
    (f"http://{PUBLIC}@127.0.0.1:PORT/", "outbound.credentials"),
    (f"http://{PUBLIC}:80@127.0.0.1:PORT/", "outbound.credentials"),
    ("http://user:word@127.0.0.1:PORT/", "outbound.credentials"),
    (f"http://{PUBLIC}\\@127.0.0.1:PORT/", "outbound.url"),
    (f"http://127.0.0.1:PORT\\@{PUBLIC}/", "outbound.url"),
    (" http://127.0.0.1:PORT/", "outbound.url"),
    ("http://127.0.0.1\t:PORT/", "outbound.url"),
    ("http://127.0.0.1:PORT/ HTTP/1.1\r\nHost: x", "outbound.url"),
    ("http://127.0.0.1:PORT/\x00", "outbound.url"),
    ("http://127.0.0.1:PORT/\u3000", "outbound.url"),
    ("http://127.0.0.1%2f.test:PORT/", "outbound.url"),
    ("http://[fe80::1%25lo]:PORT/", "outbound.url"),
    ("http://１２７.０.０.１:PORT/", "outbound.url"),
    ("http://①②⑦.0.0.1:PORT/", "outbound.url"),
    ("http://127。0。0。1:PORT/", "outbound.url"),
    ("http://[127.0.0.1]:PORT/", "outbound.url"),
    ("http://:PORT/", "outbound.url"),
    ("http:///", "outbound.url"),
    ("http://127.0.0.1:99999/", "outbound.url"),
    ("http://127.0.0.1:PORT/" + "a" * 5000, "outbound.url"),
]


def look_up(host: str, port: int) -> list[str]:
    if host.lower() in NAMES:
        return NAMES[host.lower()]
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Dialler:
    """Connects for real, notes where to, and leads the public address to the listener."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.dialled: list[str] = []

    def __call__(self, address: tuple[str, int], timeout: float) -> socket.socket:
        self.dialled.append(address[0])
        where = ("127.0.0.1", self.port) if address[0] == PUBLIC else address
        return socket.create_connection(where, timeout)


def test_the_table_is_long_enough() -> None:
    assert len(TARGETS) >= 100


@pytest.mark.parametrize(("target", "code"), TARGETS)
def test_no_connection_is_opened(listener: Listener, target: str, code: str) -> None:
    dialler = Dialler(listener.port)
    guarded = Client(ports=frozenset({listener.port}), network=Network(look_up, dialler))
    with pytest.raises(Refused) as caught:
        guarded.get(target.replace("PORT", str(listener.port)))
    assert caught.value.code == code
    assert dialler.dialled == []
    assert listener.connections == 0


def test_the_same_listener_is_reached_when_it_is_named(listener: Listener) -> None:
    got = client(listener).get(url(listener, "/数据?q=1"))
    assert (got.status, got.body) == (200, b"hello")
    assert listener.connections == 1
    assert listener.requests[0].startswith(b"GET /%E6%95%B0%E6%8D%AE?q=1 HTTP/1.1\r\n")


def test_a_name_counts_in_any_spelling_and_only_with_its_port(listener: Listener) -> None:
    named = Client(allowed=frozenset({Allowed("LocalHost.", listener.port)}))
    assert named.get(f"http://localhost:{listener.port}/").body == b"hello"
    with pytest.raises(Refused, match="端口"):
        Client(allowed=frozenset({Allowed("localhost", listener.port + 1)})).get(f"http://localhost:{listener.port}/")
    assert Allowed("[FD12::1]", 80) == Allowed("fd12::1", 80)
    assert Allowed("数据.湖州", 80).host.startswith("xn--")
    for nonsense in ("", "a b", "a/b", "a@b", "a:80", "a?b", "a#b", "http://a"):
        with pytest.raises(Refused):
            Allowed(nonsense, 80)


@pytest.mark.parametrize("leads_to", ["127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "0.1.2.3", "224.0.0.1"])
def test_a_named_host_may_not_lead_to_this_machine_or_to_metadata(listener: Listener, leads_to: str) -> None:
    named = Client(
        allowed=frozenset({Allowed("office.test", listener.port)}),
        network=Network(lambda _host, _port: [leads_to]),
    )
    with pytest.raises(Refused) as caught:
        named.get(f"http://office.test:{listener.port}/")
    assert caught.value.code == "outbound.address"
    assert listener.connections == 0


def test_a_named_host_may_lie_in_a_private_network() -> None:
    for text in ("10.1.2.3", "172.20.0.1", "192.168.7.7", "100.70.0.1", "fd12::1", PUBLIC):
        assert is_reachable(ipaddress.ip_address(text), "office.test")
    for text in ("127.0.0.1", "100.100.100.200", "fe80::1", "64:ff9b::a00:1", "2002:a00:1::"):
        assert not is_reachable(ipaddress.ip_address(text), "office.test")


def test_a_name_that_changes_between_two_look_ups_gains_nothing(listener: Listener) -> None:
    looked_up: list[str] = []

    def flip(host: str, _port: int) -> list[str]:
        looked_up.append(host)
        return [PUBLIC] if len(looked_up) == 1 else ["127.0.0.1"]

    listener.answers["/"] = redirect(f"http://flip.test:{listener.port}/inside")
    dialler = Dialler(listener.port)
    guarded = Client(ports=frozenset({listener.port}), network=Network(flip, dialler))
    with pytest.raises(Refused) as caught:
        guarded.get(f"http://flip.test:{listener.port}/")
    assert caught.value.code == "outbound.address"
    assert dialler.dialled == [PUBLIC]
    assert looked_up == ["flip.test", "flip.test"]
    assert listener.connections == 1


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://169.254.169.254/latest/meta-data/", "outbound.address"),
        ("//169.254.169.254/", "outbound.address"),
        ("http://127.0.0.1:PORT/", "outbound.address"),
        ("https://[::1]/", "outbound.address"),
        ("http://localhost:6379/", "outbound.port"),
        ("file:///etc/passwd", "outbound.scheme"),
        ("http://a:b@public.test/", "outbound.credentials"),
        ("http://127.0.0.1 /", "outbound.url"),
        ("http://\xff/", "outbound.url"),
    ],
)
def test_a_redirect_leads_nowhere_an_address_would_not(listener: Listener, location: str, code: str) -> None:
    listener.answers["/"] = redirect(location.replace("PORT", str(listener.port)))
    dialler = Dialler(listener.port)
    guarded = Client(
        # Named or not: a public page may not send the call on to a named host.
        allowed=frozenset({Allowed("127.0.0.1", listener.port + 1)}),
        ports=frozenset({80, 443, listener.port}),
        network=Network(lambda host, _port: [PUBLIC] if host == "public.test" else [host.strip("[]")], dialler),
    )
    with pytest.raises(Refused) as caught:
        guarded.get(f"http://public.test:{listener.port}/")
    assert caught.value.code == code
    assert dialler.dialled == [PUBLIC]
    assert listener.connections == 1


def test_a_public_page_cannot_redirect_to_a_named_host(listener: Listener) -> None:
    listener.answers["/"] = redirect(url(listener, "/inside"))
    dialler = Dialler(listener.port)
    guarded = Client(
        allowed=frozenset({Allowed("127.0.0.1", listener.port)}),
        ports=frozenset({listener.port}),
        network=Network(lambda host, _port: [PUBLIC] if host == "public.test" else [host], dialler),
    )
    with pytest.raises(Refused) as caught:
        guarded.get(f"http://public.test:{listener.port}/")
    assert caught.value.code == "outbound.address"
    assert guarded.get(url(listener, "/inside")).body == b"hello"
    assert dialler.dialled == [PUBLIC, "127.0.0.1"]


def test_three_redirects_are_followed_and_a_fourth_is_not(listener: Listener) -> None:
    for step in range(4):
        listener.answers[f"/{step}"] = redirect(f"{step + 1}")
    listener.answers["/4"] = answer(b"there")
    got = client(listener).get(url(listener, "/1"))
    assert (got.body, got.url) == (b"there", url(listener, "/4"))
    with pytest.raises(Refused) as caught:
        client(listener).get(url(listener, "/0"))
    assert caught.value.code == "outbound.redirects"
    assert b"GET /4 " not in b"".join(listener.requests[4:])


def test_own_headers_stay_with_the_first_host(listener: Listener) -> None:
    listener.answers["/"] = redirect("/next")
    listener.answers["/next"] = redirect(f"http://localhost:{listener.port}/end")
    named = Client(allowed=frozenset({Allowed("127.0.0.1", listener.port), Allowed("localhost", listener.port)}))
    assert named.get(url(listener), headers={"Authorization": "Bearer canary"}).body == b"hello"
    assert [b"canary" in request for request in listener.requests] == [True, True, False]


def test_a_location_in_chinese_is_followed(listener: Listener) -> None:
    listener.answers["/"] = redirect("/数据".encode().decode("latin-1"))
    assert client(listener).get(url(listener)).url == url(listener, "/%E6%95%B0%E6%8D%AE")


def test_sending_hands_back_a_redirect_and_passes_the_body(listener: Listener) -> None:
    listener.answers["/"] = redirect("/next")
    got = client(listener).send("POST", url(listener), headers={"Content-Type": "application/json"}, body=b"{}")
    assert (got.status, got.headers["location"]) == (302, "/next")
    assert listener.requests[0].startswith(b"POST / HTTP/1.1")
    assert b"content-type: application/json" in listener.requests[0].lower()
    with pytest.raises(Refused, match="内部"):
        Client().send("POST", "http://10.0.0.1/", body=b"{}")


def test_proxies_of_the_environment_are_not_used(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Listener()
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    assert client(listener).get(url(listener)).body == b"hello"
    with pytest.raises(Refused):
        Client().get("http://10.0.0.1/")
    assert proxy.connections == 0
    proxy.close()


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


@given(st.ip_addresses(v=4))
def test_what_is_public_is_public_for_the_standard_library_too(address: ipaddress.IPv4Address) -> None:
    assert address.is_global or not is_public(address)


@given(st.ip_addresses(v=6))
def test_only_global_unicast_is_public(address: ipaddress.IPv6Address) -> None:
    assert not is_public(address) or (address.is_global and address.packed[0] >> 5 == 1)
