"""A listener on this machine, and names that lead to it, for the tests of outbound calls."""

import socket
import ssl
import threading
from collections.abc import Callable

from tenancy.outbound import Allowed, Client

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
