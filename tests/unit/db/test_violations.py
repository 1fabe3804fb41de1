"""The texts of refusals that the contract's tests do not see."""

from __future__ import annotations

from twisted_kong.db import violations


def test_several_unresolved_references() -> None:
    """References that lead nowhere are counted and listed by field."""
    error = violations.unresolved({"service": {"name": "no s"}, "consumer": {"username": "no c"}})
    assert error.message == "2 foreign keys unresolved (consumer.username: no c; service.name: no s)"
    assert error.fields == {"service": {"name": "no s"}, "consumer": {"username": "no c"}}


def test_composite_primary_keys() -> None:
    """A primary key of several parts is printed whole, its parts by name."""
    error = violations.primary_key_violation({"period": "minute", "identifier": "x"})
    assert error.message == 'primary key violation on key \'{identifier="x",period="minute"}\''


def test_options() -> None:
    """What is wrong with an option is sent as an option."""
    assert violations.invalid_option("tags", "cannot be null").body()["options"] == {"tags": "cannot be null"}
