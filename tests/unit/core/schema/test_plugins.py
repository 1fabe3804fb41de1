from __future__ import annotations

from twisted_kong.core.schema.plugins import PluginDefinition

SCHEMA = {
    "name": "mine",
    "priority": 5,
    "version": "1.0",
    "phases": ["access"],
    "scopes": {"global": True, "service": True, "route": True, "consumer": False},
    "protocols": {"allowed": ["http", "https", "tcp"], "default": ["http", "https"]},
    "config": {"type": "record", "fields": {"a": {"type": "string"}}},
    "entity_checks": [{"at_least_one_of": ["config.a"]}],
}


def test_a_schema_tells_all_about_a_plugin() -> None:
    """What the runner needs and what rows are judged by."""
    plugin = PluginDefinition.from_schema(SCHEMA, ({"name": "things"},), {"f": len})
    assert (plugin.name, plugin.priority, plugin.version, plugin.phases) == ("mine", 5, "1.0", ("access",))
    assert plugin.entities == ({"name": "things"},)
    assert plugin.functions == {"f": len}
    assert plugin.subschema() == {
        "fields": {
            "consumer": {"type": "foreign", "reference": "consumers", "eq": None},
            "protocols": {
                "type": "set",
                "required": True,
                "default": ["http", "https"],
                "elements": {"type": "string", "one_of": ["http", "https", "tcp"]},
            },
            "config": {"required": True, "type": "record", "fields": {"a": {"type": "string"}}},
        },
        "entity_checks": [{"at_least_one_of": ["config.a"]}],
    }


def test_a_plugin_may_say_very_little() -> None:
    """Then it serves HTTP and gRPC everywhere and is configured with nothing."""
    plugin = PluginDefinition.from_schema({"name": "tiny", "priority": 1, "version": "1"})
    fields = plugin.subschema()["fields"]
    assert fields["config"] == {"required": True, "type": "record", "fields": {}}
    assert fields["protocols"]["default"] == ["grpc", "grpcs", "http", "https"]
    assert set(fields) == {"config", "protocols"}


def test_a_plugin_made_by_hand_has_defaults() -> None:
    """A name, an order and a version are enough."""
    plugin = PluginDefinition("tiny", 1, "1")
    assert plugin.subschema()["fields"]["protocols"]["default"] == ["grpc", "grpcs", "http", "https"]
