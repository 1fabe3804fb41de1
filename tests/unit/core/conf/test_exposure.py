"""Admin listeners beyond loopback."""

from __future__ import annotations

import pytest

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.exposure import exposures, is_loopback, require_protected
from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.core.conf.problems import ConfError

MUTUAL = "nginx_admin_ssl_verify_client = on\nnginx_admin_ssl_client_certificate = /ca.pem"


def conf(*lines: str) -> Conf:
    """A configuration of these lines."""
    return load_conf(Sources("\n".join(lines))).conf


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("localhost.example.com", False),
        ("kong.internal", False),
    ],
)
def test_what_is_loopback(host: str, expected: bool) -> None:
    """Addresses of loopback and its own names; any other name may lead anywhere."""
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    "lines",
    [
        ("",),
        ("admin_listen = off",),
        ("admin_listen = [::1]:8001, localhost:8002",),
        ("admin_listen = 0.0.0.0:8001", "admin_auth = token"),
        ("admin_listen = 0.0.0.0:8444 ssl, 127.0.0.1:8001", MUTUAL),
        ("proxy_listen = 0.0.0.0:8000", "status_listen = 0.0.0.0:8007"),
    ],
)
def test_what_is_protected(lines: tuple[str, ...]) -> None:
    """Loopback, tokens, or certificates of the clients; listeners of other kinds are free."""
    require_protected(conf(*lines))


@pytest.mark.parametrize(
    "lines",
    [
        ("admin_listen = *:8001",),
        ("admin_listen = 127.0.0.1:8001, 0.0.0.0:8001",),
        ("admin_listen = 0.0.0.0:8001, 0.0.0.0:8444 ssl", MUTUAL),
        ("admin_listen = 0.0.0.0:8001 ssl", MUTUAL.replace("= on", "= optional")),
    ],
)
def test_what_lies_open_is_refused(lines: tuple[str, ...]) -> None:
    """A listener that one client can use without showing anything is named, and the others are not."""
    (problem,) = exposures(conf(*lines))
    assert problem.message.startswith("admin_listen: 0.0.0.0:8001 can be reached from other machines")


def test_the_three_ways_out_are_told() -> None:
    """The message says where the listener stands and what can be done about it."""
    with pytest.raises(ConfError) as error:
        require_protected(conf("", "admin_listen = [2001:db8::1]:8001"))
    assert str(error.value) == (
        "kong.conf:2: admin_listen: [2001:db8::1]:8001 can be reached from other machines,"
        " and nothing protects it there: listen on 127.0.0.1, or set admin_auth = token, or demand"
        " certificates of its clients"
        " (the flag ssl, nginx_admin_ssl_verify_client = on and nginx_admin_ssl_client_certificate)"
    )


def test_a_plain_listener_beside_verified_ones_lacks_the_flag() -> None:
    """Where certificates are demanded already the message says what is missing."""
    (problem,) = exposures(conf("admin_listen = 10.0.0.1:8001", MUTUAL))
    assert problem.message.endswith(
        "or add the flag ssl to it, since only then is a client asked for its certificate"
    )
