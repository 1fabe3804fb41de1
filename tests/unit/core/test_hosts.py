from __future__ import annotations

import pytest

from twisted_kong.core.hosts import HostPort, InvalidHost, is_address, parse_host, parse_servers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a.test", HostPort("name", "a.test", None)),
        ("a.test:80", HostPort("name", "a.test", 80)),
        ("a_b-c.test.", HostPort("name", "a_b-c.test.", None)),
        ("1.2.3.4", HostPort("ipv4", "1.2.3.4", None)),
        ("001.2.3.4:65535", HostPort("ipv4", "1.2.3.4", 65535)),
        ("::1", HostPort("ipv6", "[0000:0000:0000:0000:0000:0000:0000:0001]", None)),
        ("[::1]:80", HostPort("ipv6", "[0000:0000:0000:0000:0000:0000:0000:0001]", 80)),
        ("[FE80::A:1]", HostPort("ipv6", "[fe80:0000:0000:0000:0000:0000:000a:0001]", None)),
        ("1:2:3:4:5:6:7:8", HostPort("ipv6", "[0001:0002:0003:0004:0005:0006:0007:0008]", None)),
    ],
)
def test_hosts_are_told_apart(text: str, found: HostPort) -> None:
    """Names, IPv4 and IPv6 addresses are read with their port; IPv6 comes out expanded in brackets."""
    assert parse_host(text) == found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a b", "invalid hostname: a b"),
        ("", "invalid hostname: "),
        (".", "invalid ipv4 address: ."),
        ("a..b", "invalid hostname: a..b"),
        ("a-.b", "invalid hostname: a-.b"),
        ("x:abc", "invalid hostname: x:abc"),
        ("http://x", "invalid hostname: http://x"),
        ("ü.test", "invalid hostname: ü.test"),
        ("h:65536", "invalid port number"),
        ("h:99999999999999999999", "invalid port number"),
        ("1.2.3.256", "invalid ipv4 address: 1.2.3.256"),
        ("1.2.3", "invalid ipv4 address: 1.2.3"),
        ("1.2.3.4:70000", "invalid port number"),
        (":::1", "invalid ipv6 address: :::1"),
        ("1:2:3", "invalid ipv6 address: 1:2:3"),
        ("[::1", "invalid ipv6 address: [::1"),
        ("1:2:3:4:5:6:7:8:9", "invalid ipv6 address: 1:2:3:4:5:6:7:8:9"),
        ("g::1", "invalid ipv6 address: g::1"),
    ],
)
def test_what_is_no_host_is_refused_in_kongs_words(text: str, reason: str) -> None:
    """The reason ends in the text that was refused, but for a port."""
    with pytest.raises(InvalidHost) as caught:
        parse_host(text)
    assert str(caught.value) == reason


def test_a_host_is_written_with_a_port() -> None:
    """The default stands in where none was given."""
    assert parse_host("a").text(8000) == "a:8000"
    assert parse_host("a:1").text(8000) == "a:1"


def test_addresses() -> None:
    """An address stands bare: no brackets, no port; a name of digits is none."""
    assert all(is_address(text) for text in ("127.0.0.1", "::1", "fe80::1"))
    assert not any(is_address(text) for text in ("a.test", "[::1]", "127.0.0.1:80", "1.2.3", ""))


def test_servers() -> None:
    """A list of names, addresses with and without port, and directories of sockets."""
    assert parse_servers("a, 10.0.0.1:1 ,/run/postgresql,[::1]:2", 5432) == (
        ("a", 5432),
        ("10.0.0.1", 1),
        ("/run/postgresql", 5432),
        ("0000:0000:0000:0000:0000:0000:0000:0001", 2),
    )


@pytest.mark.parametrize("text", ["a,,b", "", "a b", "a:99999", "[::1"])
def test_no_servers(text: str) -> None:
    """What is no host is not passed on to a driver, which would make something of it."""
    with pytest.raises(InvalidHost):
        parse_servers(text, 5432)
