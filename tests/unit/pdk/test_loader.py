"""Plugins are found, checked and refused by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from twisted_kong.pdk.loader import (
    GROUP,
    PluginError,
    bundled_names,
    check_handler,
    installed_plugins,
    load_plugins,
)

HANDLER = """
class Handler:
    PRIORITY = 7
    VERSION = "1.2.3"

    def access(self, kong, conf):
        pass
"""
SCHEMA = (
    'SCHEMA = {"name": "third", "config": {"type": "record", "fields": {"greeting": {"type": "string"}}}}'
)
Write = Callable[..., Callable[[], Iterable[EntryPoint]]]


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterable[Write]:
    """Writes a package ``third_party_plugin`` with these modules and tells its entry point."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(**modules: str) -> Callable[[], Iterable[EntryPoint]]:
        package = tmp_path / "third_party_plugin"
        package.mkdir()
        (package / "__init__.py").write_text("")
        for name, text in ({"handler": HANDLER, "schema": SCHEMA} | modules).items():
            (package / f"{name}.py").write_text(text)
        return lambda: [EntryPoint("third", "third_party_plugin", GROUP)]

    yield write
    for name in [name for name in sys.modules if name.startswith("third_party_plugin")]:
        del sys.modules[name]


def test_bundled() -> None:
    """All that come along are loaded, with Kong's priorities, and no entry points are looked for."""

    def never() -> Iterable[EntryPoint]:
        raise AssertionError("not needed")

    loaded = load_plugins("bundled", installed=never)
    assert loaded.names == bundled_names()
    assert loaded.priorities["key-auth"] == 1250
    assert loaded.priorities["correlation-id"] == 100001
    definition = next(each for each in loaded.definitions if each.name == "key-auth")
    assert (definition.priority, definition.version, definition.phases) == (1250, "3.9.1", ("access",))
    assert [entity["name"] for entity in definition.entities] == ["keyauth_credentials"]
    assert set(loaded.handlers) == set(loaded.names)


def test_a_bundled_one_without_a_handler() -> None:
    """It is loaded with the rank and version of its schema, and does not run."""
    loaded = load_plugins("acl,key-auth")
    runs = {plugin.name: plugin.runs for plugin in loaded.plugins}
    assert runs == {"acl": False, "key-auth": True}
    shortfalls = {plugin.name: plugin.shortfall({}) for plugin in loaded.plugins}
    assert shortfalls["key-auth"] is None
    assert "not available" in (shortfalls["acl"] or "")
    acl = loaded.definitions[0]
    assert (acl.priority, acl.version) == (950, "3.9.1")
    assert [entity["name"] for entity in acl.entities] == ["acls"]


def test_functions_of_entities(third_party: Write) -> None:
    """``FUNCTIONS`` of ``daos.py`` stand beside those of ``schema.py``."""
    schema = SCHEMA + "\ndef one(): pass\nFUNCTIONS = {'one': one}"
    daos = "DAOS = ()\ndef two(): pass\nFUNCTIONS = {'two': two}"
    loaded = load_plugins("third", installed=third_party(schema=schema, daos=daos))
    assert sorted(loaded.definitions[0].functions) == ["one", "two"]


def test_names_and_off() -> None:
    """Single ones by name, each once; ``off`` loads none."""
    assert load_plugins("key-auth, rate-limiting,key-auth").names == ["key-auth", "rate-limiting"]
    assert load_plugins(["key-auth", "bundled"]).names == bundled_names()
    assert load_plugins("off").names == []
    assert load_plugins("").names == []


def test_unknown() -> None:
    """A name that nothing goes by is refused with what was looked for."""
    with pytest.raises(PluginError, match=r"plugin 'nope' is enabled but not installed.*"):
        load_plugins("nope", installed=list)
    assert "nope" not in {point.name for point in installed_plugins()}


def test_third_party(third_party: Write) -> None:
    """A package found by its entry point is loaded like a bundled one."""
    loaded = load_plugins("bundled,third", installed=third_party())
    [plugin] = [plugin for plugin in loaded.plugins if plugin.name == "third"]
    assert (plugin.package, plugin.handler.PRIORITY) == ("third_party_plugin", 7)
    assert plugin.definition.phases == ("access",)
    assert "greeting" in plugin.definition.config["fields"]


@pytest.mark.parametrize(
    ("modules", "why"),
    [
        ({"handler": "raise RuntimeError('boom')"}, "cannot import third_party_plugin.handler.*boom"),
        ({"handler": "import nowhere_to_be_found"}, "cannot import third_party_plugin.handler"),
        ({"handler": ""}, "no class Handler"),
        (
            {"handler": HANDLER + "    def __init__(self):\n        raise ValueError('no')\n"},
            "cannot be made: no",
        ),
        ({"handler": HANDLER.replace("7", "'7'")}, "PRIORITY must be an integer, not '7'"),
        ({"handler": HANDLER.replace("7", "True")}, "PRIORITY must be an integer"),
        ({"handler": HANDLER.replace("1.2.3", "one")}, "VERSION must be like 'x.y.z', not 'one'"),
        ({"schema": ""}, "third_party_plugin.schema has no SCHEMA"),
        ({"schema": "SCHEMA = {'name': 'other'}"}, "its schema is named 'other'"),
        ({"daos": "import nowhere_to_be_found"}, "cannot import third_party_plugin.daos"),
    ],
)
def test_what_is_not_right_is_refused(third_party: Write, modules: dict[str, str], why: str) -> None:
    """The error names the plugin and says what is wrong with it."""
    with pytest.raises(PluginError, match=f"plugin 'third': .*{why}"):
        load_plugins("third", installed=third_party(**modules))


@pytest.mark.parametrize("other", ["header_filter", "body_filter"])
def test_response_excludes_filters(other: str) -> None:
    """Who wants the whole answer cannot want its pieces."""
    methods: dict[str, Any] = {name: lambda self, kong, conf: None for name in ("response", other)}
    handler = type("Handler", (), {"PRIORITY": 1, "VERSION": "1.0.0", **methods})
    with pytest.raises(PluginError, match="plugin 'p': response cannot be used together"):
        check_handler("p", handler)


def test_phases_must_be_methods() -> None:
    """An attribute named like a phase that cannot be called is a mistake."""
    with pytest.raises(PluginError, match="access must be a method"):
        check_handler("p", type("Handler", (), {"PRIORITY": 1, "VERSION": "1.0.0", "access": 1}))
