"""Calls to other machines, guarded: an address somebody typed in must not open the inner network to them.

The guard sits where the connection is made, not where the URL is read: the name is looked up once, every
address found is judged, and the socket goes to an address that passed. So neither odd spellings of an
address, nor a name that changes between two look-ups, nor a redirect leads anywhere else.
Proxies are never used.
"""

import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import urljoin

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationValueError, SSLError
from urllib3.exceptions import TimeoutError as WaitedTooLong
from urllib3.util import parse_url

from policies.refusals import Refused

PORTS = frozenset({80, 443})
DEFAULT_PORT = {"http": 80, "https": 443}
MAX_REDIRECTS = 3
MAX_BYTES = 50 * 1024 * 1024
MAX_URL = 4096
SECONDS = 10.0
CHUNK = 64 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})
FIRST_HEADERS = {"user-agent": "Tiaoxi", "accept": "*/*", "accept-encoding": "gzip"}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _networks(text: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(one) for one in text.split())


# Source: IANA special-purpose address registries. Kept here: the standard library's lists change with Python.
LOOPBACK = _networks("127.0.0.0/8 ::1/128")
INTERNAL = _networks("10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fc00::/7")
NEVER = _networks(
    "0.0.0.0/8 169.254.0.0/16 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24"
    " 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
    " 2001::/23 2001:db8::/32 2002::/16 3fff::/20"
    # Addresses at which clouds hand credentials to the machines they host, though they look ordinary.
    " 100.100.100.200/32 168.63.129.16/32 fd00:ec2::254/128"
)
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


@dataclass(frozen=True, slots=True)
class Allowed:
    """A named host and port inside the private network that may be called."""

    host: str
    port: int

    def __post_init__(self) -> None:
        """Bring the name to the spelling it is compared in; raise Refused when it is no host name."""
        if re.search(r"[/?#@]", self.host):
            raise Refused("outbound.url")
        object.__setattr__(self, "host", _target(f"http://{_in_url(self.host)}/").host)


@dataclass(frozen=True, slots=True)
class Response:
    """What the other side answered; header names in lower case, the body unpacked, `url` after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


def is_public(address: Address) -> bool:
    """Tell whether `address` is an ordinary one of the public internet."""
    if any(address in network for network in (*NEVER, *LOOPBACK, *INTERNAL)):
        return False
    return address.version == 4 or address in GLOBAL_UNICAST


def is_reachable(address: Address, named: str | None) -> bool:
    """Tell whether a connection may go to `address`; `named` is the host when that is one of the named.

    A named host may lie in a private network. It leads to this machine only when it says so itself, and never
    to link-local, multicast, reserved or tunnelled addresses.
    """
    if is_public(address):
        return True
    if named is None or any(address in network for network in NEVER):
        return False
    if any(address in network for network in LOOPBACK):
        return named in ("localhost", str(address))
    return any(address in network for network in INTERNAL)


def _look_up(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Network:
    """The two ways a call touches the network: look a name up, and connect to a numeric address."""

    look_up: Callable[[str, int], Sequence[str]] = _look_up
    dial: Callable[[tuple[str, int], float], socket.socket] = socket.create_connection


class _Deadline:
    """Ends a call when its time is over; a socket's own time-out bounds one wait, a slow sender has many."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._watched: socket.socket | None = None
        self.passed = False

    def left(self) -> float:
        """Seconds that remain, never quite none."""
        return max(self._end - time.monotonic(), 0.001)

    def watch(self, sock: socket.socket) -> None:
        """Cut `sock` when the time is over; a copy of its handle outlives the wrapping in TLS."""
        with self._lock:
            self._release()
            self._watched = sock.dup()
        if self.passed:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            if self._watched is not None:
                # The other side may have closed it already.
                with suppress(OSError):
                    self._watched.shutdown(socket.SHUT_RDWR)

    def _release(self) -> None:
        if self._watched is not None:
            self._watched.close()
            self._watched = None

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._release()


@dataclass(frozen=True, slots=True)
class _Door:
    """Opens the one connection of a hop, if its address passes."""

    network: Network
    named: bool
    deadline: _Deadline

    def open(self, host: str, port: int) -> socket.socket:
        try:
            addresses = [ipaddress.ip_address(one.partition("%")[0]) for one in self.network.look_up(host, port)]
        except (OSError, ValueError):
            raise Refused("outbound.unresolvable", host=host) from None
        if not addresses:
            raise Refused("outbound.unresolvable", host=host)
        name = host.rstrip(".") if self.named else None
        # One bad address among good ones is no accident, so all have to pass.
        if not all(is_reachable(address, name) for address in addresses):
            raise Refused("outbound.address", host=host)
        return self._dial([str(address) for address in addresses], host, port)

    def _dial(self, addresses: Sequence[str], host: str, port: int) -> socket.socket:
        code = "outbound.unreachable"
        for number, address in enumerate(addresses):
            try:
                # A silent address must leave time for the next.
                sock = self.network.dial((address, port), self.deadline.left() / (len(addresses) - number))
            except OSError as error:
                code = "outbound.timeout" if isinstance(error, TimeoutError) else "outbound.unreachable"
                continue
            self.deadline.watch(sock)
            sock.settimeout(self.deadline.left())
            return sock
        raise Refused(code, host=host)


class _GuardedHTTP(HTTPConnection):
    """A connection that goes through a door instead of looking the name up itself."""

    def __init__(self, *args: Any, door: _Door, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._door = door

    def _new_conn(self) -> socket.socket:
        return self._door.open(self._dns_host, self.port)


class _GuardedHTTPS(_GuardedHTTP, HTTPSConnection):
    """The same, then TLS with the name of the host checked."""


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _GuardedHTTP


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS


@dataclass(frozen=True, slots=True)
class _Target:
    """A URL taken apart: the host in lower case, ASCII, without brackets or closing dot."""

    scheme: str
    host: str
    port: int
    path: str
    url: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return (self.scheme, self.host, self.port)


@dataclass(frozen=True, slots=True)
class _Call:
    """What is asked, wherever it goes."""

    method: str
    headers: Mapping[str, str]
    body: bytes
    limit: int


@dataclass(frozen=True)
class Client:
    """Makes guarded calls; `allowed` names internal hosts, `ports` the ports of public ones."""

    allowed: frozenset[Allowed] = frozenset()
    ports: frozenset[int] = PORTS
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    network: Network = Network()

    def __post_init__(self) -> None:
        """Raise ValueError for a context that would take any certificate."""
        if self.tls.verify_mode != ssl.CERT_REQUIRED or not self.tls.check_hostname:
            raise ValueError("the TLS context must require certificates and check host names")

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        limit: int = MAX_BYTES,
        timeout: float = SECONDS,
    ) -> Response:
        """Fetch `url` with at most three redirects; raise Refused("outbound.…") when that cannot be.

        `limit` counts bytes of the unpacked body, `timeout` seconds of the whole call. Own `headers` stay
        with the first host. The right to call named hosts ends at the first host that is none of them: a
        public page cannot redirect into the inner network.
        """
        with _Deadline(timeout) as deadline:
            target, call, named = _target(url), _Call("GET", headers or {}, b"", limit), True
            for _ in range(MAX_REDIRECTS + 1):
                named = named and self._names(target)
                door = _Door(self.network, named, deadline)
                response = self._ask(call, target, door)
                location = response.headers.get("location")
                if response.status not in REDIRECTS or location is None:
                    return response
                following = _target(urljoin(target.url, _as_sent(location)))
                if following.origin != target.origin:
                    call = replace(call, headers={})
                target = following
        raise Refused("outbound.redirects", count=MAX_REDIRECTS)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        limit: int = MAX_BYTES,
        timeout: float = SECONDS,
    ) -> Response:
        """Make one call with any method; a redirect is handed back, not followed; refuses like `get`."""
        with _Deadline(timeout) as deadline:
            target = _target(url)
            door = _Door(self.network, self._names(target), deadline)
            return self._ask(_Call(method, headers or {}, body, limit), target, door)

    def _names(self, target: _Target) -> bool:
        return Allowed(target.host, target.port) in self.allowed

    def _ask(self, call: _Call, target: _Target, door: _Door) -> Response:
        if not door.named and target.port not in self.ports:
            raise Refused("outbound.port", port=target.port)
        pool = self._pool(target, door)
        try:
            answer = pool.urlopen(
                call.method,
                target.path,
                body=call.body or None,
                headers={**FIRST_HEADERS, **{name.lower(): value for name, value in call.headers.items()}},
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                content = b"" if answer.status in REDIRECTS else _read(answer, call.limit)
            finally:
                answer.close()
        except (HTTPError, OSError) as error:
            raise _refusal(error, target.host, door.deadline) from error
        finally:
            pool.close()
        if door.deadline.passed:
            # A connection that was cut looks like the end of a body without a length.
            raise Refused("outbound.timeout", host=target.host)
        names = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status, names, content, target.url)

    def _pool(self, target: _Target, door: _Door) -> urllib3.HTTPConnectionPool:
        timeout = urllib3.Timeout(connect=door.deadline.left(), read=door.deadline.left())
        if target.scheme == "https":
            return _HTTPSPool(target.host, target.port, timeout=timeout, ssl_context=self.tls, door=door)
        return _HTTPPool(target.host, target.port, timeout=timeout, door=door)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _target(url: str) -> _Target:
    """Take `url` apart with the parser that the connection uses; raise Refused for what may not be called."""
    if len(url) > MAX_URL or re.search(r"[\s\\\x00-\x20\x7f]", url):
        raise Refused("outbound.url")
    try:
        parts = parse_url(url)
    except LocationValueError:
        raise Refused("outbound.url") from None
    if parts.scheme not in DEFAULT_PORT:
        raise Refused("outbound.scheme")
    if parts.auth is not None:
        raise Refused("outbound.credentials")
    host = (parts.host or "").strip("[]").rstrip(".")
    if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:.]+", host):
        raise Refused("outbound.url")
    port = parts.port or DEFAULT_PORT[parts.scheme]
    return _Target(parts.scheme, host, port, parts.request_uri, parts.url)


def _as_sent(location: str) -> str:
    """Undo the reading of a header as Latin-1: sites write Chinese paths into it as they are."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise Refused("outbound.url") from None


def _read(answer: urllib3.BaseHTTPResponse, limit: int) -> bytes:
    """Read the body, counting what really comes; raise Refused past `limit` bytes."""
    declared = answer.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 15 or int(declared) > limit):
        raise Refused("outbound.too-large", limit=limit)
    body = bytearray()
    for chunk in answer.stream(CHUNK, decode_content=True):
        body += chunk
        if len(body) > limit:
            raise Refused("outbound.too-large", limit=limit)
    return bytes(body)


def _refusal(error: Exception, host: str, deadline: _Deadline) -> Refused:
    if deadline.passed or isinstance(error, WaitedTooLong | TimeoutError):
        return Refused("outbound.timeout", host=host)
    if isinstance(error, SSLError | ssl.SSLError):
        return Refused("outbound.tls", host=host)
    return Refused("outbound.broken", host=host)
