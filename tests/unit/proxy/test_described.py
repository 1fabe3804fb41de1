"""A request in words becomes what the proxy would have read."""

from __future__ import annotations

import pytest

from twisted_kong.core.http1.requests import Limits
from twisted_kong.proxy.described import CannotBeSent, Described, read

LIMITS = Limits(line=8192, field=8192, head=65536)


def test_a_request_is_read_as_if_it_had_come() -> None:
    """Host and path get their normal form, the listener's port is 80 or 443 unless told."""
    asked = Described("PUT", "https", "EX.test:8443", "/a/../b c", {"q": ["1 2", "3"]}, {"X-A": "1"}, "s")
    visitor, head, context = read(asked, LIMITS)
    assert (head.method, head.domain, head.port, head.normal) == (b"PUT", "ex.test", 8443, "/b c")
    assert head.query == b"q=1+2&q=3"
    assert head.block.get_all(b"x-a") == [b"1"]
    assert (visitor.port, visitor.sni, context.scheme, context.path) == (443, "s", "https", "/b c")
    assert visitor.transport.getHost().host == "127.0.0.1"


def test_addresses() -> None:
    """Source and destination are the client's and the listener's."""
    visitor, _, context = read(Described(source=("10.0.0.1", 7), destination=("10.0.0.2", 81)), LIMITS)
    assert (context.client_ip, context.client_port, visitor.port) == ("10.0.0.1", 7, 81)
    assert visitor.transport.getHost().host == "10.0.0.2"


def test_without_a_host() -> None:
    """It is HTTP/1.0 then, the only one that may come so; a header Host is one."""
    assert read(Described(), LIMITS)[1].host == b""
    assert read(Described(headers={"Host": "a.test"}), LIMITS)[1].domain == "a.test"


@pytest.mark.parametrize(
    "asked",
    [
        Described(path="/../x"),
        Described(method="GET /"),
        Described(method="CONNECT"),
        Described(headers={"Bad Name": "x"}),
        Described(headers={"a": "1\r\nHost: b"}),
        Described(host="a\r\n\r\nGET /"),
        Described(host="a b"),
        Described(host="a", headers={"Host": "b"}),
        Described(path="/" + "x" * 9000),
        Described(headers={str(n): "x" * 8000 for n in range(20)}),
    ],
)
def test_what_the_proxy_would_refuse_is_refused(asked: Described) -> None:
    """No such request ever reaches a Route, nor does a description smuggle in another one."""
    with pytest.raises(CannotBeSent):
        read(asked, LIMITS)
