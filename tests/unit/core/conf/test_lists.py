"""Comma separated values."""

from __future__ import annotations

import pytest

from twisted_kong.core.conf.lists import (
    TrustedPeers,
    parse_choices,
    parse_headers,
    parse_headers_upstream,
    parse_networks,
    parse_port_maps,
    parse_resolvers,
    split_array,
)
from twisted_kong.core.conf.properties import PROPERTIES

HEADERS = PROPERTIES["headers"]
UPSTREAM = PROPERTIES["headers_upstream"]
TRUSTED = PROPERTIES["trusted_ips"]
PORT_MAPS = PROPERTIES["port_maps"]
RESOLVER = PROPERTIES["dns_resolver"]
ORDER = PROPERTIES["dns_order"]


def test_array_is_split_and_trimmed() -> None:
    """Empty elements are dropped."""
    assert split_array(" a, b,,c ") == ("a", "b", "c")


def test_header_tokens_are_resolved() -> None:
    """A token stands for its headers, whatever its case."""
    assert parse_headers(HEADERS, "Server_Tokens, X-Kong-Upstream-Status") == {
        "server",
        "via",
        "x-kong-upstream-status",
    }
    assert "x-kong-proxy-latency" in parse_headers(HEADERS, "latency_tokens")
    assert parse_headers(HEADERS, "off") == frozenset()


def test_unknown_header_is_refused_with_kongs_text() -> None:
    """Nothing but the known headers can be asked for."""
    with pytest.raises(ValueError, match=r"^headers: invalid entry 'X-Mine'$"):
        parse_headers(HEADERS, "X-Mine")
    with pytest.raises(ValueError, match=r"^headers_upstream: invalid entry 'Via'$"):
        parse_headers_upstream(UPSTREAM, "Via")


def test_upstream_headers() -> None:
    """The request id or nothing."""
    assert parse_headers_upstream(UPSTREAM, "X-Kong-Request-Id") == {"x-kong-request-id"}
    assert parse_headers_upstream(UPSTREAM, "off") == frozenset()


def test_trusted_networks() -> None:
    """Addresses and networks of both families hold what lies in them."""
    peers = parse_networks(TRUSTED, "10.0.0.0/8, 192.0.2.7, fe80::/10, unix:")
    assert peers.unix
    assert "10.1.2.3" in peers
    assert "192.0.2.7" in peers
    assert "fe80::1" in peers
    assert "192.0.2.8" not in peers
    assert "::a00:1" not in peers
    assert "no address" not in peers


def test_host_bits_of_a_network_do_not_matter() -> None:
    """nginx takes 10.0.0.1/8 as well."""
    assert "10.9.9.9" in parse_networks(TRUSTED, "10.0.0.1/8")


def test_nobody_is_trusted_by_default() -> None:
    """An empty list holds no address."""
    assert "127.0.0.1" not in TrustedPeers()


def test_bad_network_is_refused_with_kongs_text() -> None:
    """The text names the element."""
    with pytest.raises(
        ValueError, match=r"trusted_ips must be a comma separated list.*'unix:', got 'example.com'"
    ):
        parse_networks(TRUSTED, "10.0.0.1, example.com")


def test_port_maps_lead_from_the_listener_to_the_client() -> None:
    """outer:inner is looked up by the inner port."""
    assert parse_port_maps(PORT_MAPS, "80:8000, 443:8443") == {8000: 80, 8443: 443}


@pytest.mark.parametrize("text", ["80", "80:0", "80:65536", "a:b", ":80"])
def test_bad_port_map_is_refused_with_kongs_text(text: str) -> None:
    """Both sides are ports from 1 to 65535."""
    with pytest.raises(ValueError, match=f"invalid port mapping \\(`port_maps`\\): {text}"):
        parse_port_maps(PORT_MAPS, text)


def test_resolvers() -> None:
    """The port is 53 unless given; IPv6 with a port needs brackets."""
    assert parse_resolvers(RESOLVER, "8.8.8.8, 1.1.1.1:5353, ::1, [::2]:54, [::3]") == (
        ("8.8.8.8", 53),
        ("1.1.1.1", 5353),
        ("::1", 53),
        ("::2", 54),
        ("::3", 53),
    )


@pytest.mark.parametrize("text", ["dns.example", "1.1.1.1:x", "1.1.1.1:0", "[::1]x"])
def test_bad_resolver_is_refused_with_kongs_text(text: str) -> None:
    """Names cannot be resolved before there is a resolver."""
    with pytest.raises(
        ValueError, match="dns_resolver must be a comma separated list in the form of IPv4/6 or"
    ):
        parse_resolvers(RESOLVER, text)


def test_choices_may_be_written_small() -> None:
    """Record types are known in any case."""
    assert parse_choices(ORDER, "last, A") == ("LAST", "A")


def test_bad_choice_is_refused_with_kongs_text() -> None:
    """The text names element and property."""
    with pytest.raises(ValueError, match="dns_order: invalid entry 'MX'"):
        parse_choices(ORDER, "A, MX")
    with pytest.raises(ValueError, match="invalid tracing type: x"):
        parse_choices(PROPERTIES["tracing_instrumentations"], "x")
