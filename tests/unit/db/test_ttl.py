"""Times to live."""

from __future__ import annotations

import pytest

from tests.kit.small_kinds import SmallKinds
from twisted_kong.core.errors import InvalidOptions
from twisted_kong.db.ttl import Ttl, remaining, take_ttl

WITH = SmallKinds()["keyauth_credentials"]
WITHOUT = SmallKinds()["services"]


def test_taken_from_the_record() -> None:
    """A record's ttl is parted from it; one given beside it wins."""
    assert take_ttl(WITH, {"key": "k", "ttl": 5}, None) == ({"key": "k"}, Ttl(given=True, seconds=5))
    assert take_ttl(WITH, {"key": "k", "ttl": 5}, 7) == ({"key": "k"}, Ttl(given=True, seconds=7))
    assert take_ttl(WITH, {"key": "k"}, None) == ({"key": "k"}, Ttl(given=False))


@pytest.mark.parametrize("value", [0, None])
def test_for_ever(value: object) -> None:
    """Zero and null are for ever, and said to be so."""
    assert take_ttl(WITH, {"ttl": value}, None)[1] == Ttl(given=True, seconds=None)


def test_kinds_without() -> None:
    """For a kind without a time to live the field is left for its schema to refuse."""
    assert take_ttl(WITHOUT, {"ttl": 5}, None) == ({"ttl": 5}, Ttl(given=False))


@pytest.mark.parametrize("value", [-1, 1.5, "5", True, float("inf"), 100_000_001, [5]])
def test_bad_values(value: object) -> None:
    """Anything but a whole number from 0 to 100000000 is refused."""
    with pytest.raises(InvalidOptions):
        take_ttl(WITH, {"ttl": value}, None)


def test_ends() -> None:
    """A time to live ends that many seconds from now."""
    assert Ttl(given=True, seconds=5).from_now(100.0) == 105.0
    assert Ttl(given=True).from_now(100.0) is None


def test_what_remains() -> None:
    """What remains is rounded down and never negative."""
    assert remaining(105.0, 100.5) == 4
    assert remaining(105.0, 106.0) == 0
    assert remaining(None, 100.0) is None
