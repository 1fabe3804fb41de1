from __future__ import annotations

from typing import Any

import pytest

from tests.kit.write_context import write_context
from twisted_kong.core.schema.transformations import Transformation

HASH = {"input": ["password"], "needs": ["consumer.id"], "on_write": {"fn": "hash"}}
FUNCTIONS = {"hash": lambda entity, context: {"password": f"{entity['password']}/{entity['consumer']['id']}"}}
TEXT = "all or none of these fields must be set: 'password', 'consumer.id'"
OWNER = {"consumer": {"id": "c"}}
OTHER = {"consumer": {"id": "d"}}


@pytest.fixture
def hashing() -> Transformation:
    return Transformation(HASH, FUNCTIONS)


@pytest.mark.parametrize(
    ("given", "current", "bad"),
    [
        ({"password": "p", **OWNER}, None, False),
        ({"password": "p"}, None, True),
        (OWNER, None, False),
        ({"password": "p"}, OWNER, False),
        ({"password": "p", **OTHER}, OWNER, False),
        (OTHER, OWNER, True),
        (OWNER, OWNER, False),
        ({}, OWNER, False),
    ],
)
def test_all_that_is_needed_must_be_given(
    hashing: Transformation, given: dict[str, Any], current: dict[str, Any] | None, bad: bool
) -> None:
    """What a value is made from comes together, and when a part of it changes the rest must come again."""
    found: dict[str, Any] = {}
    hashing.check(given, current, found)
    assert found == ({"@entity": [TEXT]} if bad else {})


def test_the_value_is_made_when_its_input_is_given(hashing: Transformation) -> None:
    """From the whole entity, which an update has completed."""
    entity = {"password": "p", **OWNER}
    assert hashing.apply(entity, {"password": "p"}, write_context())["password"] == "p/c"
    assert entity["password"] == "p"


def test_the_value_stays_when_its_input_is_not_given(hashing: Transformation) -> None:
    """A hash must not be hashed again."""
    entity = {"password": "p/c", **OWNER}
    assert hashing.apply(entity, {"tags": ["a"]}, write_context()) is entity


def test_nothing_is_made_without_what_it_needs(hashing: Transformation) -> None:
    """The check has spoken of that."""
    entity = {"password": "p", "consumer": None}
    assert hashing.apply(entity, entity, write_context()) is entity
