from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.health.asking import LONGEST_LINE, host_of, request_of, status_in
from twisted_kong.core.health.checks import Probe
from twisted_kong.core.health.standing import Address

PROBE = Probe("http", 1, 10, "/up", (("x-a", "1"), ("x-a", "2")), None, None, True, None)
ADDRESS = Address("a.test", "192.0.2.1", 8080)


def test_the_request_is_kongs() -> None:
    """HTTP/1.0, the headers that are configured, and the Target's name without its port."""
    assert request_of(PROBE, ADDRESS) == b"GET /up HTTP/1.0\r\nx-a: 1\r\nx-a: 2\r\nHost: a.test\r\n\r\n"


def test_the_host_is_that_of_the_upstream_if_it_has_one() -> None:
    """As for requests; IPv6 addresses carry brackets."""
    assert host_of(replace(PROBE, host_header="h.test:1"), ADDRESS) == "h.test:1"
    assert host_of(PROBE, Address("::1", "::1", 80)) == "[::1]"


def test_there_is_one_host() -> None:
    """A configured ``Host`` replaces ours: two would be refused."""
    request = request_of(replace(PROBE, headers=(("HOST", "x.test"),)), ADDRESS)
    assert request == b"GET /up HTTP/1.0\r\nHOST: x.test\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n", 200),
        (b"http/1.0  503\n", 503),
        (b"HTTP/1.1 204\r\nx: y\r\n", 204),
        (b"HTTP/1.1 20", None),
        (b"", None),
        (b"SSH-2.0-x\r\n", 0),
        (b"HTTP/1.1 OK\r\n", 0),
        (b"HTTP/1.1 20000\r\n", 0),
        (b"x" * (LONGEST_LINE + 1), 0),
    ],
)
def test_only_the_first_line_counts(data: bytes, status: int | None) -> None:
    """The status, 0 for what is no HTTP, None while the line has not ended."""
    assert status_in(data) == status


@given(st.binary(max_size=200))
def test_whatever_comes_has_a_status_or_none(data: bytes) -> None:
    """Nothing that a Target may send is an error."""
    status = status_in(data)
    assert status is None or 0 <= status <= 9999
