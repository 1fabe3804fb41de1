"""Which Host and Origin headers are let through."""

from __future__ import annotations

import pytest

from twisted_kong.admin.access import AccessRules, canonical_origin, host_name

RULES = AccessRules(origins=["https://manager.example.com"], hosts=["kong.internal"])


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8001",
        "LOCALHOST.",
        "127.0.0.1:8001",
        "127.9.9.9",
        "[::1]:8001",
        "[::1]",
        "10.1.2.3:80",
        "kong.internal:8001",
        "a.localhost",
        None,
    ],
)
def test_own_names_and_addresses_may_pass(host: str | None) -> None:
    """Loopback names, addresses and configured names are let in with any port, and so is no Host at all."""
    assert RULES.refusal(host, None) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "evil.test:8001",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "[::1",
        "localhost:x",
        "",
        "x:1:2",
    ],
)
def test_foreign_names_are_refused(host: str) -> None:
    """A name that was made to resolve to this node is refused, and the refusal says what to do."""
    refused = RULES.refusal(host, None)
    assert refused is not None
    assert "admin_allowed_hosts" in refused


def test_any_name_when_wanted() -> None:
    """With ``*`` every name may pass, but no Origin because of it, not even that of the Host."""
    rules = AccessRules(hosts=["*", "kong"])
    assert rules.refusal("evil.test", None) is None
    assert rules.refusal("evil.test", "http://other.test") is not None
    assert rules.refusal("evil.test", "http://evil.test") is not None
    assert rules.refusal("kong:8001", "http://kong:8001") is None


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8001", "http://localhost:8001"),
        ("localhost:8001", "http://localhost:3000"),
        ("127.0.0.1:8001", "https://127.0.0.1"),
        ("localhost:8001", "http://[::1]:8002"),
        ("10.1.2.3:8001", "http://10.1.2.3:8001"),
        ("kong.internal:8001", "http://kong.internal:8001"),
        ("localhost:8001", "https://manager.example.com"),
        ("localhost:8001", "https://MANAGER.example.com:443"),
    ],
)
def test_known_origins_may_pass(host: str, origin: str) -> None:
    """The configured web interfaces, pages of this machine and the Admin API's own origin are let in."""
    assert RULES.refusal(host, origin) is None


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8001", "http://evil.test"),
        ("localhost:8001", "null"),
        ("localhost:8001", "file://"),
        ("localhost:8001", "chrome-extension://localhost"),
        ("localhost:8001", "http://10.1.2.3:8001"),
        ("10.1.2.3:8001", "http://10.1.2.3:9000"),
        ("localhost:8001", "http://manager.example.com"),
        ("localhost:8001", "http://localhost.evil.test"),
        (None, "http://kong.internal"),
        ("localhost:8001", ""),
        ("localhost:8001", "http://[::1"),
    ],
)
def test_other_origins_are_refused(host: str | None, origin: str) -> None:
    """Pages of other sites are refused, and the refusal says what to do."""
    refused = RULES.refusal(host, origin)
    assert refused is not None
    assert "admin_gui_url" in refused


def test_the_origin_is_reflected_once_it_is_found_good() -> None:
    """The answer allows the Origin of the request, else the first configured one, else any."""
    assert RULES.allowed_origin("http://localhost:1") == "http://localhost:1"
    assert RULES.allowed_origin(None) == "https://manager.example.com"
    assert AccessRules().allowed_origin(None) == "*"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("A.b:1", "a.b"),
        ("a.", "a"),
        ("[::1]:80", "::1"),
        ("[::1]x", None),
        ("a:", None),
        (":80", None),
        ("a:٣", None),
    ],
)
def test_host_names(host: str, name: str | None) -> None:
    """A Host header gives a lower-case name without port; a malformed one gives none."""
    assert host_name(host) == name


def test_origins_are_compared_as_browsers_send_them() -> None:
    """Configured URLs may have a path, a default port and capitals."""
    assert canonical_origin("HTTP://Gui.example.com:80/manager") == "http://gui.example.com"
    assert canonical_origin("https://gui.example.com:8445") == "https://gui.example.com:8445"
    assert canonical_origin("nonsense") == "nonsense"
