"""Tokens of the Admin API."""

from __future__ import annotations

import pytest

from twisted_kong.core.admin_tokens import allows, digest, has_token_shape, new_token


def test_a_token_is_long_enough_whatever_makes_it() -> None:
    """44 characters of what is drawn, so that at least 256 bits are."""
    drawn: list[str] = []

    def draw() -> str:
        drawn.append(f"{len(drawn)}" * 32)
        return drawn[-1]

    token = new_token(draw)
    assert token == "kat_" + "0" * 32 + "1" * 12
    assert has_token_shape(token)


@pytest.mark.parametrize(
    "text",
    ["", "kat_", "kat_" + "a" * 43, "kat_" + "a" * 45, "xat_" + "a" * 44, "kat_" + "é" * 44, "a\udc80"],
)
def test_garbage_is_known_by_its_shape(text: str) -> None:
    """What no node has made is not even looked for."""
    assert not has_token_shape(text)


def test_any_text_has_a_digest() -> None:
    """SHA-256 in hexadecimal; also of what is no proper text."""
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(digest("\udc80")) == 64


@pytest.mark.parametrize(
    ("roles", "kind", "access", "expected"),
    [
        ({"services": "read"}, "services", "read", True),
        ({"services": "read"}, "services", "write", False),
        ({"services": "write"}, "services", "read", True),
        ({"services": "write"}, "services", "write", True),
        ({"services": "write"}, "routes", "read", False),
        ({"services": "write"}, "*", "read", False),
        ({"*": "read"}, "services", "read", True),
        ({"*": "read"}, "services", "write", False),
        ({"*": "read", "services": "write"}, "services", "write", True),
        ({"*": "write", "services": "read"}, "services", "write", True),
        ({"*": "write"}, "*", "write", True),
        ({}, "services", "read", False),
    ],
)
def test_roles(roles: dict[str, str], kind: str, access: str, expected: bool) -> None:
    """Write includes read, ``*`` includes every kind, and the greater of two rights counts."""
    assert allows(roles, kind, "write" if access == "write" else "read") is expected
