from __future__ import annotations

import pytest

from twisted_kong.core.schema import plugin_typedefs
from twisted_kong.core.schema.checks.table import CORE_FUNCTIONS
from twisted_kong.core.schema.record import build_field
from twisted_kong.plugins.pre_function.schema import lua_chunk_parses

SHAPES = {
    name: shape
    for name, shape in vars(plugin_typedefs).items()
    if name.isupper() and isinstance(shape, dict) and "type" in shape
}


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_every_shape_can_be_built(name: str) -> None:
    """No shared shape names a kind or function that neither the core nor a plugin of its has."""
    functions = {**CORE_FUNCTIONS, "lua_chunk_parses": lua_chunk_parses}
    assert build_field(name.lower(), SHAPES[name], functions).kind == SHAPES[name]["type"]


def test_one_value_makes_another_field_needed() -> None:
    """As a conditional entity check."""
    assert plugin_typedefs.needs("config.policy", "redis", "config.redis.host") == {
        "conditional": {
            "if_field": "config.policy",
            "if_match": {"eq": "redis"},
            "then_field": "config.redis.host",
            "then_match": {"required": True},
        }
    }
