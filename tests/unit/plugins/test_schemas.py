"""What the bundled plugins say of themselves is what Kong's do, data and all."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.kit.bundled import NAMES, RUNNING, bundled
from tests.kit.reference import functions_named, reference_plugins
from tests.kit.write_context import write_context
from twisted_kong.core.errors import SchemaViolation
from twisted_kong.core.schema.checks.table import CORE_FUNCTIONS
from twisted_kong.core.schema.registry import build_schemas

SCHEMAS = build_schemas(bundled())
ODD: tuple[Any, ...] = (None, True, 1.5, "", "http://[", "\ud800", [], ["x"], [None], [{"name": 1}], {"x": 1})


def part(name: str, module: str) -> Any:
    """A module of a plugin, or None where it has no such."""
    full = f"twisted_kong.plugins.{name.replace('-', '_')}.{module}"
    return import_module(full) if find_spec(full) else None


def test_all_of_them_are_there() -> None:
    """None is missing and none is invented."""
    assert set(NAMES) == set(reference_plugins())
    assert len(NAMES) == 45


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_the_references_field_by_field(name: str) -> None:
    """Priority, version, scopes, protocols, checks, and the configuration with its fields in their order."""
    ours, theirs = part(name, "schema").SCHEMA, reference_plugins()[name]
    assert in_order(ours) == in_order(theirs)
    assert ours == theirs


@pytest.mark.parametrize("name", NAMES)
def test_it_brings_every_function_that_it_names(name: str) -> None:
    """And none that nobody asks for."""
    schema, daos = part(name, "schema"), part(name, "daos")
    brought = {**getattr(schema, "FUNCTIONS", {}), **getattr(daos, "FUNCTIONS", {})}
    named = set(functions_named([schema.SCHEMA, *getattr(daos, "DAOS", ())]))
    assert {each for each in named - CORE_FUNCTIONS.keys() if not each.startswith("-> ")} == set(brought)
    assert all(key == function.__name__ for key, function in brought.items())


@pytest.mark.parametrize("name", NAMES)
def test_a_handler_has_the_rank_of_its_schema(name: str) -> None:
    """Where there is one."""
    handler = part(name, "handler")
    assert (handler is not None) == (name in RUNNING)
    if handler is not None:
        schema, ours = part(name, "schema").SCHEMA, handler.Handler
        assert (schema["priority"], schema["version"]) == (ours.PRIORITY, ours.VERSION)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_configuration_may_hold_breaks_it(name: str) -> None:
    """Every field, and the whole, with values that nobody would think of: taken or refused."""
    rows = SCHEMAS["plugins"]
    fields = part(name, "schema").SCHEMA["config"]["fields"]
    configs = [*ODD, *({field: value} for field in fields for value in ODD)]
    for config in configs:
        with suppress(SchemaViolation):
            rows.process_insert({"name": name, "config": config}, write_context())


def test_the_reference_page_lists_them_all() -> None:
    """By rank, each with whether it runs."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "plugins.md").read_text()
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    listed = [(row[0].strip("| `"), int(row[1]), row[2]) for row in rows if len(row) > 3 or row[1].isdigit()]
    ranks = {name: part(name, "schema").SCHEMA["priority"] for name in NAMES}
    assert listed == [
        (name, ranks[name], "yes" if name in RUNNING else "not yet")
        for name in sorted(NAMES, key=lambda name: (-ranks[name], name))
    ]


def in_order(value: Any) -> Any:
    """The names of the fields of a record, at every depth, in their order: that of ``/schemas/plugins``."""
    if isinstance(value, list):
        return [in_order(each) for each in value]
    if not isinstance(value, dict):
        return None
    fields = {name: list(value[name]) for name in ("fields", "shorthand_fields") if name in value}
    return {**fields, **{f"in {name}": in_order(member) for name, member in sorted(value.items())}}
