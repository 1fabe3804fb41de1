"""Conditions besides host and path are met as in Kong, and lists of entries stay best first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.routes import a_route
from twisted_kong.core.router.entries import Conditions, Entry, Query, discard, insert


def asked(**fields: Any) -> Query:
    headers = fields.pop("headers", {})
    defaults = {"method": "GET", "secure": False, "host": "a", "port": 80, "path": "/", "sni": None}
    return Query(**(defaults | fields), header=lambda name: headers.get(name, []))


@pytest.mark.parametrize(
    ("rule", "sni", "admitted"),
    [
        ("a.test", "a.test", True),
        ("a.test.", "A.test", True),
        ("a.test", "a.test.", True),
        ("a.test", "b.test", False),
        ("a.test", None, False),
        ("*.test", "a.b.test", True),
        ("*.test", "test", False),
        ("a.*", "a.x", True),
        ("a.*", "b.x", False),
        ("*.test", None, False),
    ],
)
def test_snis(rule: str, sni: str | None, admitted: bool) -> None:
    """A server name is compared for https only; a plain request satisfies the rule."""
    conditions = Conditions(a_route(1, snis=[rule]))
    assert conditions.admit(asked(secure=True, sni=sni)) is admitted
    assert conditions.admit(asked(secure=False, sni=sni)) is True


def test_methods_are_compared_exactly() -> None:
    """Methods are case-sensitive (RFC 9110 section 9.1)."""
    conditions = Conditions(a_route(1, methods=["GET"]))
    assert conditions.admit(asked(method="GET"))
    assert not conditions.admit(asked(method="get"))


def test_every_header_must_have_a_value() -> None:
    """Names and values are compared without regard to case, and one value of several suffices."""
    conditions = Conditions(a_route(1, headers={"X-A": ["One", "two"], "X-B": ["~*^b"]}))
    good = {b"x-a": [b"zero", b"ONE"], b"x-b": [b"Bee"]}
    assert conditions.admit(asked(headers=good))
    assert not conditions.admit(asked(headers=good | {b"x-a": [b"three"]}))
    assert not conditions.admit(asked(headers=good | {b"x-b": []}))


def test_no_conditions_are_false() -> None:
    """A Route that asks only for host or path has no further conditions."""
    assert not Conditions(a_route(1, paths=["/a"], hosts=["a"]))


def test_lists_stay_best_first() -> None:
    """Entries are kept by rank, then by the place of their path; each can be taken out again."""
    entries: list[Entry] = []
    made = [Entry(a_route(rank), rank, position, None, "/a") for rank in (2, 3, 1) for position in (1, 0)]
    for entry in made:
        insert(entries, entry)
    assert [entry.route["name"] for entry in entries] == ["r3", "r3", "r2", "r2", "r1", "r1"]
    assert entries[0] is made[3]
    for entry in made:
        assert discard(entries, entry)
        assert not discard(entries, entry)
    assert entries == []
