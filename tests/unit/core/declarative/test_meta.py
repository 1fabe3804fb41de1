"""What a document says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.core.declarative.meta import meta_of

KINDS = ("services", "routes")


def test_kongs() -> None:
    """Format, transformation and remarks."""
    meta = meta_of({"_format_version": "1.1", "_transform": False, "_comment": "x", "_ignore": [1]}, KINDS)
    assert (meta.version, meta.transform, meta.found) == ("1.1", False, {})


def test_decks() -> None:
    """Tags to select by, defaults of kinds, configurations that Plugins share."""
    document = {
        "_format_version": "3.0",
        "_info": {"select_tags": ["a", "b", "a"], "defaults": {"service": {"port": 1}}},
        "_plugin_configs": {"x": {"minute": 1}},
        "_workspace": "default",
    }
    meta = meta_of(document, KINDS)
    assert meta.found == {}
    assert meta.select_tags == ("a", "b")
    assert meta.defaults == {"services": {"port": 1}}
    assert meta.plugin_configs == {"x": {"minute": 1}}


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({"_format_version": None}, {"_format_version": "required field missing"}),
        ({"_format_version": 3.0}, {"_format_version": "expected a string"}),
        ({"_format_version": "4.0"}, {"_format_version": "expected one of: 1.1, 2.1, 3.0"}),
        ({"_transform": "no"}, {"_transform": "expected a boolean"}),
        ({"_other": 1}, {"_other": "unknown field"}),
        ({"_workspace": "x"}, {"_workspace": "there is no workspace but 'default'"}),
        ({"_konnect": {}}, {"_konnect": "this is no control plane of Konnect"}),
        ({"_info": []}, {}),
        ({"_info": 1}, {"_info": "expected a record"}),
        (
            {"_info": {"x": 1, "select_tags": [1]}},
            {"_info": {"x": "unknown field", "select_tags": "expected an array of strings"}},
        ),
        (
            {"_info": {"defaults": {"x": {}, "route": 1}}},
            {"_info": {"defaults": {"x": "unknown field", "route": "expected a record"}}},
        ),
        ({"_plugin_configs": {"a": 1}}, {"_plugin_configs": {"a": "expected a record"}}),
    ],
)
def test_what_is_wrong(members: dict[str, Any], found: dict[str, Any]) -> None:
    """It is told by name."""
    if members == {"_info": []}:
        found = {"_info": "expected a record"}
    assert meta_of({"_format_version": "3.0", **members}, KINDS).found == found
