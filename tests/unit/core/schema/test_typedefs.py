from __future__ import annotations

import pytest

from twisted_kong.core.schema import typedefs
from twisted_kong.core.schema.checks.table import CORE_FUNCTIONS
from twisted_kong.core.schema.record import build_field

SHAPES = {
    name: shape
    for name, shape in vars(typedefs).items()
    if name.isupper() and isinstance(shape, dict) and "type" in shape
}


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_every_shape_can_be_built(name: str) -> None:
    """No shared shape names a kind or function that does not exist."""
    assert build_field(name.lower(), SHAPES[name], CORE_FUNCTIONS).kind == SHAPES[name]["type"]


def test_a_reference_takes_more() -> None:
    """What else a reference says is laid over it."""
    assert typedefs.foreign("services", required=True) == {
        "type": "foreign",
        "reference": "services",
        "required": True,
    }


def test_protocols_default_to_all_that_are_allowed() -> None:
    """Unless a plugin serves fewer by default."""
    assert typedefs.protocols_of(["http"])["default"] == ["http"]
    assert typedefs.protocols_of(["http", "tcp"], ["http"])["default"] == ["http"]


def test_every_old_name_of_redis_has_a_new_one() -> None:
    """And the same kind of value."""
    members = typedefs.REDIS["fields"]
    for shorthand in typedefs.REDIS_SHORTHANDS.values():
        target = shorthand["writes"]["fn"].removeprefix("-> redis.")
        assert members[target]["type"] == shorthand["type"]
