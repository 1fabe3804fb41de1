from __future__ import annotations

from tests.kit.reference import functions_named
from twisted_kong.core.schema.checks.table import CORE_FUNCTIONS
from twisted_kong.core.schema.entities import CORE_ENTITIES


def test_every_function_of_the_core_entities_is_there() -> None:
    """Under the name by which definitions call it."""
    named = {name for entity in CORE_ENTITIES for name in functions_named(entity)}
    assert named <= CORE_FUNCTIONS.keys()
    assert all(name == function.__name__ for name, function in CORE_FUNCTIONS.items())
