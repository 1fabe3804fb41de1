"""Secrets do not show."""

from __future__ import annotations

from twisted_kong.core.conf.secret import Secret


def test_secret_is_masked_in_every_text() -> None:
    """Neither str, repr nor format tells it."""
    secret = Secret("hunter2")
    assert [str(secret), repr(secret), f"{secret}", f"{[secret]}"] == [
        "******",
        "******",
        "******",
        "[******]",
    ]


def test_secret_is_told_on_demand() -> None:
    """Who needs it asks for it by name."""
    assert Secret("hunter2").reveal() == "hunter2"


def test_equal_secrets_are_equal() -> None:
    """So that configurations can be compared after a reload."""
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
