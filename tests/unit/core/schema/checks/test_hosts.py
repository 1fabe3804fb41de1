from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from twisted_kong.core.schema.checks import hosts


@pytest.mark.parametrize(
    ("check", "value", "text"),
    [
        (hosts.host, "a.test", None),
        (hosts.host, "::1", None),
        (hosts.host, "a:80", "must not have a port"),
        (hosts.host, "a:99999", "must not have a port"),
        (hosts.host, "a b", "invalid value: a b"),
        (hosts.host_with_optional_port, "a:80", None),
        (hosts.host_with_optional_port, "a:99999", "invalid port number"),
        (hosts.host_with_optional_port, "a b", "invalid hostname: a b"),
        (hosts.host_pattern, "*.a.test:80", None),
        (hosts.host_pattern, "*. a", "invalid hostname: abc. a"),
        (hosts.sni, "a.test", None),
        (hosts.sni, "a.test.", None),
        (hosts.sni, "1.2.3.4", "must not be an IP"),
        (hosts.sni, "a:80", "must not have a port"),
        (hosts.sni, "a:99999", "must not have a port"),
        (hosts.sni, "*", "invalid value: *"),
        (hosts.wildcard_host, "*.a.test", None),
        (hosts.wildcard_host, "a.*", None),
        (hosts.wildcard_host, "a.*.b", "wildcard must be leftmost or rightmost character"),
        (hosts.wildcard_host, "*.a.*", "only one wildcard must be specified"),
        (hosts.ip, "::1", None),
        (hosts.ip, "a", "not an ip address: a"),
        (hosts.ip_or_cidr, "10.1.2.3/8", None),
        (hosts.ip_or_cidr, "::/0", None),
        (hosts.ip_or_cidr, "1.2.3.4", None),
        (hosts.ip_or_cidr, "1.2.3.4/33", "invalid ip or cidr range: '1.2.3.4/33'"),
        (hosts.ip_or_cidr, "1.2.3.4/255.0.0.0", "invalid ip or cidr range: '1.2.3.4/255.0.0.0'"),
        (hosts.ip_or_cidr, "x", "invalid ip or cidr range: 'x'"),
        (hosts.validate_upstream_name, "u_1", None),
        (hosts.validate_upstream_name, "a b", "Invalid name ('a b'); must be a valid hostname"),
        (hosts.validate_upstream_name, "1.2.3.4", "Invalid name ('1.2.3.4'); no ip addresses allowed"),
        (hosts.validate_upstream_name, "u:80", "Invalid name ('u:80'); no port allowed"),
        (hosts.validate_target, "h:80", None),
        (hosts.validate_target, "h b", "Invalid target ('h b'); not a valid hostname or ip address"),
    ],
)
def test_hosts_are_judged(check: Callable[[str], str | None], value: str, text: str | None) -> None:
    """In Kong's words."""
    assert check(value) == text


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("h.test", "h.test:8000"),
        ("h.test:1", "h.test:1"),
        ("::1", "[0000:0000:0000:0000:0000:0000:0000:0001]:8000"),
    ],
)
def test_targets_are_stored_in_one_form(given: str, stored: str) -> None:
    """With a port and, for IPv6, written out, so that equal Targets are found to be equal."""
    record: dict[str, Any] = {"target": given}
    assert hosts.normalise_target(record) is None
    assert record == {"target": stored}


@pytest.mark.parametrize("given", ["a b", "", 5])
def test_what_is_no_target_is_said_so(given: Any) -> None:
    """Before anything else, and without the value."""
    found = {"target": "Invalid target; not a valid hostname or ip address"}
    assert hosts.normalise_target({"target": given}) == found


def test_a_missing_target_is_left_to_the_schema() -> None:
    """An update need not mention it."""
    record: dict[str, Any] = {"weight": 1}
    assert hosts.normalise_target(record) is None
    assert record == {"weight": 1}
