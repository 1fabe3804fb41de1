"""The grammar of listeners."""

from __future__ import annotations

import pytest

from twisted_kong.core.conf.listeners import KeepAlive, Listener, ListenerError, parse_listeners


def one(entry: str, *, stream: bool = False) -> Listener:
    """The only listener of a list."""
    (listener,) = parse_listeners("proxy_listen", [entry], stream=stream)
    return listener


def test_plain_address() -> None:
    """Host and port are enough."""
    assert one("127.0.0.1:8000") == Listener("127.0.0.1", 8000)


def test_flags() -> None:
    """Each flag is remembered, in any order."""
    assert one("0.0.0.0:8443 http2 ssl reuseport proxy_protocol backlog=16384 deferred bind") == Listener(
        "0.0.0.0",
        8443,
        ssl=True,
        http2=True,
        reuseport=True,
        proxy_protocol=True,
        deferred=True,
        bind=True,
        backlog=16384,
    )


def test_ipv6_in_brackets() -> None:
    """The brackets are taken off and put back."""
    listener = one("[::1]:8000 ipv6only=off")
    assert (listener.host, listener.port, listener.ipv6only) == ("::1", 8000, False)
    assert str(listener) == "[::1]:8000"


def test_star_is_every_address() -> None:
    """``*`` means 0.0.0.0."""
    assert one("*:80").host == "0.0.0.0"


def test_port_zero_is_allowed() -> None:
    """The system then chooses, which tests need."""
    assert one("127.0.0.1:0").port == 0


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("on", KeepAlive()),
        ("off", KeepAlive(enabled=False)),
        ("30m::10", KeepAlive(True, 1800, 0, 10)),
        ("60s:5:3", KeepAlive(True, 60, 5, 3)),
    ],
)
def test_keepalive(text: str, wanted: KeepAlive) -> None:
    """on, off or idle:interval:count, each of which may be left out."""
    assert one(f"127.0.0.1:8000 so_keepalive={text}").keepalive == wanted


def test_off_is_no_listener() -> None:
    """off as the first entry closes the list, whatever follows."""
    assert parse_listeners("proxy_listen", ["off", "rubbish"]) == ()


def test_several() -> None:
    """Entries keep their order."""
    ports = [listener.port for listener in parse_listeners("proxy_listen", ["127.0.0.1:1", "127.0.0.1:2"])]
    assert ports == [1, 2]


def test_stream_listeners_may_be_udp_but_not_http2() -> None:
    """The two lists have different flags."""
    assert one("0.0.0.0:53 udp", stream=True).udp
    with pytest.raises(ListenerError):
        one("0.0.0.0:53 http2", stream=True)
    with pytest.raises(ListenerError):
        one("0.0.0.0:53 udp")


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("8000", "no <ip>:<port> '8000' in '8000'"),
        ("127.0.0.1:99999", "port 99999 is above 65535 in '127.0.0.1:99999'"),
        ("127.0.0.1:8000 sll", "unknown flag 'sll' in '127.0.0.1:8000 sll'"),
        ("127.0.0.1:8000 backlog=x", "unknown flag 'backlog=x'"),
        ("127.0.0.1:8000 so_keepalive=maybe", "unknown flag 'so_keepalive=maybe'"),
        ("127.0.0.1:+80", "no <ip>:<port>"),
        ("[::x]:80", "no <ip>:<port>"),
    ],
)
def test_error_names_property_form_and_entry(entry: str, why: str) -> None:
    """Kong's sentence comes first, then what is wrong in which entry."""
    with pytest.raises(ListenerError) as error:
        one(entry)
    assert str(error.value).startswith("proxy_listen must be of form: [off] | <ip>:<port> [ssl]")
    assert why in str(error.value)


def test_bad_ipv6_address_is_refused() -> None:
    """Brackets alone do not make an address."""
    with pytest.raises(ListenerError):
        one("[1:2]:80")
