"""Who the client is."""

from __future__ import annotations

import pytest

from twisted_kong.core.http1.blocks import parse_block
from twisted_kong.core.http1.heads import FieldBlock
from twisted_kong.core.http1.names import REQUEST_NAMES
from twisted_kong.proxy.real_ip import RealIp, TrustedIps, split_address

TRUSTED = TrustedIps(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "unix:"])


def block(*lines: bytes) -> FieldBlock:
    """A header block."""
    return parse_block(b"".join(line + b"\r\n" for line in lines), REQUEST_NAMES)


def test_addresses_and_networks_are_trusted() -> None:
    """Both families, mapped addresses too; what is no address never is."""
    for ip in ("10.1.2.3", "192.0.2.1", "2001:db8::1", "::ffff:10.0.0.1"):
        assert ip in TRUSTED
        assert ip in TRUSTED
    for ip in ("192.0.2.2", "::1", "", "nonsense"):
        assert ip not in TRUSTED
    assert "10.0.0.1" not in TrustedIps([])
    assert "203.0.113.9" in TrustedIps(["0.0.0.0/0"])


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" 1.2.3.4 ", ("1.2.3.4", 0)),
        ("1.2.3.4:80", ("1.2.3.4", 80)),
        ("[::1]:80", ("::1", 80)),
        ("::1", ("::1", 0)),
        ("[::1]", ("::1", 0)),
        ("1.2.3.4:99999", None),
        ("1.2.3.4:+8", None),
        ("[::1", None),
        ("[::1]x", None),
        ("unknown", None),
        ("", None),
    ],
)
def test_addresses_as_proxies_write_them(text: str, address: tuple[str, int] | None) -> None:
    """With and without port, both families."""
    assert split_address(text) == address


def test_the_last_address_is_the_client() -> None:
    """Without recursion the one that the trusted peer added."""
    real_ip = RealIp(TRUSTED, b"x-forwarded-for", False)
    assert real_ip.client_of(block(b"X-Forwarded-For: 1.1.1.1, 10.0.0.1")) == ("10.0.0.1", 0)
    assert real_ip.client_of(block(b"X-Forwarded-For: 1.1.1.1", b"X-Forwarded-For: 2.2.2.2")) == (
        "2.2.2.2",
        0,
    )
    assert real_ip.client_of(block(b"X-Forwarded-For: junk")) is None
    assert real_ip.client_of(block()) is None


def test_recursion_passes_over_trusted_addresses() -> None:
    """The last address that is not trusted; the first of all if all are."""
    real_ip = RealIp(TRUSTED, b"x-forwarded-for", True)
    assert real_ip.client_of(block(b"X-Forwarded-For: 6.6.6.6, 1.1.1.1:5, 10.0.0.1")) == ("1.1.1.1", 5)
    assert real_ip.client_of(block(b"X-Forwarded-For: 10.0.0.2, 10.0.0.1")) == ("10.0.0.2", 0)
    assert real_ip.client_of(block(b"X-Forwarded-For: 1.1.1.1, junk, 10.0.0.1")) == ("10.0.0.1", 0)


def test_any_header_may_name_the_client() -> None:
    """real_ip_header is not limited to the usual two."""
    real_ip = RealIp(TRUSTED, b"cf-connecting-ip", False)
    assert real_ip.client_of(block(b"CF-Connecting-IP: 1.1.1.1")) == ("1.1.1.1", 0)


def test_addresses_stand_between_commas_and_spaces() -> None:
    """In any number, and at the end as well: so nginx reads them."""
    real_ip = RealIp(TRUSTED, b"x-forwarded-for", True)
    for value in (b"1.1.1.1 10.0.0.1", b"1.1.1.1,,10.0.0.1, ", b" ,1.1.1.1 ,\t10.0.0.1,"):
        assert real_ip.client_of(block(b"X-Forwarded-For: " + value)) == ("1.1.1.1", 0)
    assert real_ip.client_of(block(b"X-Forwarded-For: , ,")) is None


def test_no_header_counts_where_the_proxy_protocol_does() -> None:
    """Not one of that name either."""
    real_ip = RealIp(TRUSTED, b"proxy_protocol", False)
    assert real_ip.by_proxy_protocol
    assert real_ip.client_of(block(b"X-Real-IP: 1.1.1.1", b"proxy_protocol: 1.1.1.1")) is None
    assert not RealIp(TRUSTED, b"x-real-ip", False).by_proxy_protocol
