"""Guarded calls: whatever address is given, no connection leads into the inner network unless it is named."""

import ipaddress
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outbound_stage import PUBLIC, Dialler, Listener, answer, client, look_up, redirect, url

from policies.refusals import Refused
from tenancy.outbound import Allowed, Client, Network, is_public, is_reachable


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


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


@given(st.ip_addresses(v=4))
def test_what_is_public_is_public_for_the_standard_library_too(address: ipaddress.IPv4Address) -> None:
    assert address.is_global or not is_public(address)


@given(st.ip_addresses(v=6))
def test_only_global_unicast_is_public(address: ipaddress.IPv6Address) -> None:
    assert not is_public(address) or (address.is_global and address.packed[0] >> 5 == 1)
