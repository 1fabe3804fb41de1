"""A document is taken apart into its entities, of either format."""

from __future__ import annotations

from typing import Any

from tests.kit.bundled import bundled
from tests.kit.finishing import finished
from twisted_kong.core.declarative.flattening import flatten
from twisted_kong.core.declarative.items import Flat
from twisted_kong.core.declarative.kinds import NOT_KNOWN, Kinds
from twisted_kong.core.schema.registry import build_schemas

KINDS = Kinds(build_schemas(bundled("key-auth", "rate-limiting")))


def flat(**members: Any) -> Flat:
    """A document taken apart."""
    return finished(flatten({"_format_version": "3.0", **members}, KINDS))  # type: ignore[no-any-return]


def test_nested_entities_know_their_parents() -> None:
    """And where they stand; each kind by itself, in the order of the document."""
    found = flat(
        services=[{"name": "a", "routes": [{"name": "r", "plugins": [{"name": "key-auth"}]}]}],
        routes=[{"name": "s", "service": "a"}],
    )
    [service], [first, second], [plugin] = (found.items[kind] for kind in ("services", "routes", "plugins"))
    assert (service.record, service.parent, service.path) == ({"name": "a"}, None, ("services", 0))
    assert first.parent == ("service", service)
    assert second.record == {"name": "s", "service": "a"}
    assert plugin.parent == ("route", first)
    assert plugin.path == ("services", 0, "routes", 0, "plugins", 0)
    assert len(found) == 4
    assert found.mentioned == {"services", "routes", "plugins"}


def test_names_for_snis() -> None:
    """A Certificate may list the bare names."""
    found = flat(certificates=[{"cert": "c", "key": "k", "snis": ["a.example", {"name": "b.example"}]}])
    assert [item.record for item in found.items["snis"]] == [{"name": "a.example"}, {"name": "b.example"}]
    assert "snis" not in found.items["certificates"][0].record


def test_defaults_lie_beneath() -> None:
    """decK: records merge, of all else what the entity says counts; the errors show what was written."""
    info = {
        "defaults": {"service": {"port": 1, "tags": ["d"]}, "upstream": {"healthchecks": {"threshold": 1}}}
    }
    upstream = {"name": "u", "healthchecks": {"active": {"timeout": 2}}}
    found = flat(_info=info, services=[{"name": "a", "tags": ["x"]}], upstreams=[upstream])
    [service], [merged] = found.items["services"], found.items["upstreams"]
    assert service.record == {"name": "a", "port": 1, "tags": ["x"]}
    assert service.written == {"name": "a", "tags": ["x"]}
    assert merged.record["healthchecks"] == {"threshold": 1, "active": {"timeout": 2}}


def test_select_tags_are_worn() -> None:
    """decK: by all entities of the document, once."""
    found = flat(_info={"select_tags": ["t"]}, services=[{"name": "a"}, {"name": "b", "tags": ["t", "x"]}])
    assert [item.record["tags"] for item in found] == [["t"], ["t", "x"]]
    assert found.select_tags == ("t",)


def test_shared_configurations_of_plugins() -> None:
    """decK: ``_config`` names what lies beneath the Plugin's own."""
    configs = {"few": {"minute": 1, "policy": "local"}}
    plugins = [
        {"name": "rate-limiting", "_config": "few", "config": {"minute": 2}},
        {"name": "key-auth", "_config": "none"},
    ]
    found = flat(_plugin_configs=configs, plugins=plugins)
    assert found.items["plugins"][0].record["config"] == {"minute": 2, "policy": "local"}
    [problem] = found.problems
    assert problem.found == {"_config": "there is no 'none' in '_plugin_configs'"}


def test_old_paths() -> None:
    """Kong: before 3.0 a path was a regular expression if it looked like one."""
    paths = ["/a", "/a/(b|c)", "~/d", "/e%20f"]
    old = finished(flatten({"_format_version": "2.1", "routes": [{"paths": paths}]}, KINDS))
    assert old.items["routes"][0].record["paths"] == ["/a", "~/a/(b|c)", "~/d", "/e%20f"]
    assert flat(routes=[{"paths": paths}]).items["routes"][0].record["paths"] == paths


def test_remarks_and_workspaces_are_dropped() -> None:
    """They say nothing that could be kept; there is one workspace."""
    found = flat(workspaces=[{"name": "default"}], services=[{"name": "a", "ws_id": "1", "_comment": "x"}])
    assert [item.record for item in found] == [{"name": "a"}]
    assert found.problems == []
    [problem] = flat(workspaces=[{"name": "other"}]).problems
    assert problem.found == {"name": "there is no workspace but 'default'"}


def test_what_has_no_place() -> None:
    """Unknown kinds, what is of another edition, lists that are none, entities that are none."""
    found = flat(
        nothing=[],
        consumer_groups=[],
        routes={},
        services=[1, {"name": "a", "routes": 2}],
        consumers=[{"username": "u", "groups": ["g"]}],
        upstreams=None,
    )
    assert found.general == {
        "nothing": "unknown field",
        "consumer_groups": NOT_KNOWN,
        "routes": "expected an array",
    }
    assert [(problem.path, problem.found) for problem in found.problems] == [
        (("services", 0), "expected a record"),
        (("services", 1), {"routes": "expected an array"}),
        (("consumers", 0), {"groups": NOT_KNOWN}),
    ]
    assert "upstreams" in found.mentioned
