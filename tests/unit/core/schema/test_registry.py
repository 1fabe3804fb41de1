from __future__ import annotations

from typing import Any

import pytest

from tests.kit.reference import reference_plugin_definitions, reference_plugins
from tests.kit.write_context import numbered_uuid, write_context
from twisted_kong.core.errors import SchemaViolation
from twisted_kong.core.schema.plugins import PluginDefinition
from twisted_kong.core.schema.registry import build_schemas
from twisted_kong.core.schema.validators import SchemaDefinitionError

ORPHAN = {
    "name": "orphans",
    "primary_key": ["id"],
    "fields": {"id": {"type": "string"}, "parent": {"type": "foreign", "reference": "nobodies"}},
}


def test_the_core_stands_alone() -> None:
    """Without any plugin all core entities are there, parents before children."""
    schemas = build_schemas()
    names = list(schemas)
    assert len(schemas) == 18
    for name, schema in schemas.items():
        for foreign in schema.foreign.values():
            assert names.index(foreign.reference) < names.index(name)


def test_children_are_known_to_their_parents() -> None:
    """With the field that refers and what a deletion does."""
    schemas = build_schemas()
    children = [(child.name, field, on_delete) for child, field, on_delete in schemas.children("services")]
    assert children == [
        ("routes", "service", "restrict"),
        ("plugins", "service", "cascade"),
        ("filter_chains", "service", "cascade"),
    ]
    assert schemas.children("tags") == ()


@pytest.mark.parametrize(
    ("service", "found"),
    [
        ({"odd": 1}, {"odd": "unknown field"}),
        ({"name": 5}, {"name": "expected a string"}),
        ({"name": "s"}, {"id": "missing primary key"}),
        (
            {"id": "x", "port": -1},
            {"id": "expected a valid UUID", "port": "value should be between 0 and 65535"},
        ),
        ({"id": numbered_uuid(1), "odd": 1}, None),
    ],
)
def test_a_reference_is_judged_by_what_it_refers_to(service: dict[str, object], found: object) -> None:
    """Its members are, where they are not the key; beside the key they do not matter."""
    route = {"paths": ["/"], "service": service}
    if found is None:
        assert build_schemas()["routes"].process_insert(route, write_context())["service"] == {
            "id": numbered_uuid(1)
        }
        return
    with pytest.raises(SchemaViolation) as caught:
        build_schemas()["routes"].process_insert(route, write_context())
    assert caught.value.fields == {"service": found}


def test_all_plugins_of_the_reference_can_be_loaded() -> None:
    """The engine knows everything that Kong's bundled plugins ask of it."""
    schemas = build_schemas(reference_plugin_definitions())
    assert len(reference_plugins()) == 45
    assert set(schemas.plugins) == set(reference_plugins())
    assert len(schemas) == 29
    assert schemas.plugin("cors").priority == 2000
    for name in reference_plugins():
        assert schemas["plugins"].describe_subschema(name)["fields"]


def test_the_oldest_router_knows_no_wildcards_in_server_names() -> None:
    """The others take a star at either end."""
    route = {"protocols": ["tls"], "snis": ["*.a.test"]}
    assert build_schemas()["routes"].process_insert(route, write_context())["snis"] == ["*.a.test"]
    with pytest.raises(SchemaViolation) as caught:
        build_schemas(router_flavor="traditional")["routes"].process_insert(route, write_context())
    assert caught.value.fields == {"snis": ["invalid value: *.a.test"]}


def test_the_oldest_router_takes_headers_without_values() -> None:
    """It writes no expression that could not be parsed, but a bad one is refused too."""
    routes = build_schemas(router_flavor="traditional")["routes"]
    assert routes.process_insert({"headers": {"x": []}}, write_context())["headers"] == {"x": []}
    with pytest.raises(SchemaViolation):
        routes.process_insert({"headers": {"x": ["~*("]}}, write_context())


def test_a_reference_to_nothing_stops_the_registry() -> None:
    """A plugin whose entity refers to an unknown kind cannot be loaded."""
    plugin = PluginDefinition("broken", 1, "1", entities=(ORPHAN,))
    with pytest.raises(SchemaDefinitionError, match=r"orphans\.parent refers to 'nobodies'"):
        build_schemas([plugin])


def test_a_plugins_functions_are_its_own() -> None:
    """Two plugins, and the core, may give different functions one name."""
    config = {"type": "record", "fields": {"f": {"type": "string", "check": {"fn": "host"}}}}
    plugins = [
        PluginDefinition(name, 1, "1", config=config, functions={"host": lambda _, name=name: name})
        for name in ("first", "second")
    ]
    schemas = build_schemas(plugins)
    for name in ("first", "second"):
        with pytest.raises(SchemaViolation) as caught:
            schemas["plugins"].process_insert({"name": name, "config": {"f": "x"}}, write_context())
        assert caught.value.fields == {"config": {"f": name}}
    assert schemas["services"].process_insert({"host": "x"}, write_context())["host"] == "x"


def test_a_plugin_brings_its_own_functions() -> None:
    """They are found beside those of the core."""
    plugin = PluginDefinition(
        "even",
        1,
        "1",
        config={"type": "record", "fields": {"n": {"type": "integer", "check": {"fn": "even"}}}},
        functions={"even": lambda value: "odd" if value % 2 else None},
    )
    schema = build_schemas([plugin])["plugins"]
    row = {"name": "even", "service": {"id": numbered_uuid(9)}, "config": {"n": 3}}
    with pytest.raises(SchemaViolation) as caught:
        schema.process_insert(row, write_context())
    assert caught.value.fields == {"config": {"n": "odd"}}


def test_expressions_are_fields_of_their_flavour_only() -> None:
    """With it Routes have an expression and a priority, which are enough to match by."""
    assert "expression" not in build_schemas()["routes"].fields
    routes = build_schemas(router_flavor="expressions")["routes"]
    assert [*routes.fields][-2:] == ["expression", "priority"]
    made = routes.process_insert({"expression": 'http.path == "/"'}, write_context())
    assert (made["expression"], made["priority"], made["paths"]) == ('http.path == "/"', 0, None)
    made = routes.process_insert({"paths": ["/"], "sources": [{"ip": "10.0.0.0/8"}]}, write_context())
    assert made["sources"] == [{"ip": "10.0.0.0/8", "port": None}]


@pytest.mark.parametrize(
    ("route", "fields"),
    [
        (
            {},
            {
                "@entity": [
                    "must set one of 'methods', 'hosts', 'headers', 'paths', 'snis', 'expression'"
                    " when 'protocols' is 'https'"
                ]
            },
        ),
        (
            {"expression": "()"},
            {
                "@entity": [
                    "Router Expression failed validation:"
                    "  --> 1:2\n  |\n1 | ()\n  |  ^---\n  |\n  = expected term"
                ]
            },
        ),
        ({"expression": 5}, {"expression": "expected a string"}),
        (
            {"expression": 'http.path == "/"', "priority": 2**46},
            {"priority": "value should be between 0 and 70368744177663"},
        ),
    ],
)
def test_bad_expressions_are_refused(route: dict[str, Any], fields: dict[str, Any]) -> None:
    """What cannot be an expression or a priority is told in the answer to the write."""
    with pytest.raises(SchemaViolation) as refused:
        build_schemas(router_flavor="expressions")["routes"].process_insert(route, write_context())
    assert refused.value.fields == fields


def test_a_route_of_another_flavour_can_be_updated() -> None:
    """What only ``expressions`` knows of a stored Route is no unknown field of the update."""
    made = build_schemas(router_flavor="expressions")["routes"].process_insert(
        {"paths": ["/"]}, write_context()
    )
    updated = build_schemas()["routes"].process_update({"paths": ["/a"]}, made, write_context())
    assert updated["paths"] == ["/a"]
    assert "priority" not in updated
