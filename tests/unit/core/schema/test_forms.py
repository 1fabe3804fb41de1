from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from tests.kit.reference import reference_plugin_definitions
from twisted_kong.core.schema.forms import decode, infer
from twisted_kong.core.schema.registry import build_schemas

SCHEMAS = build_schemas(reference_plugin_definitions())


@pytest.mark.parametrize(
    ("pairs", "record"),
    [
        ([("a", "1")], {"a": "1"}),
        ([("a", "1"), ("a", "2"), ("a", "3")], {"a": ["1", "2", "3"]}),
        ([("a[]", "1"), ("a[]", "2")], {"a": ["1", "2"]}),
        ([("a[2]", "y"), ("a[1]", "x")], {"a": ["x", "y"]}),
        ([("a[7]", "x")], {"a": ["x"]}),
        ([("a.b", "1"), ("a.c", "2")], {"a": {"b": "1", "c": "2"}}),
        ([("a.b[]", "1"), ("a.b[]", "2")], {"a": {"b": ["1", "2"]}}),
        ([("a.b[1]", "1")], {"a": {"b": ["1"]}}),
        ([("a[1].b", "x"), ("a[1].c", "y"), ("a[2].b", "z")], {"a": [{"b": "x", "c": "y"}, {"b": "z"}]}),
        ([("a[].b", "x"), ("a[].b", "z")], {"a": [{"b": "x"}, {"b": "z"}]}),
        ([("a[key]", "v")], {"a": {"key": "v"}}),
        ([("a[key][]", "v"), ("a[key][]", "w")], {"a": {"key": ["v", "w"]}}),
        ([("a.x-b[]", "v")], {"a": {"x-b": ["v"]}}),
        ([("a", "1"), ("a[]", "2")], {"a": ["1", "2"]}),
        ([("a[]", "1"), ("a", "2")], {"a": ["1", "2"]}),
        ([("a", "1"), ("a.b", "2")], {"a": {"b": "2"}}),
        ([(".a", "1"), ("a.", "2"), ("a..b", "3")], {".a": "1", "a.": "2", "a..b": "3"}),
        ([("[1]", "x"), ("a[b", "y"), ("", "z")], {"[1]": "x", "a[b": "y", "": "z"}),
        ([("a[999999999999]", "x")], {"a": {"999999999999": "x"}}),
    ],
)
def test_names_are_paths(pairs: list[tuple[str, str]], record: dict[str, Any]) -> None:
    """Every form of Kong's names nests as it should; what fits none is taken literally."""
    assert decode(pairs) == record


@pytest.mark.parametrize(
    ("kind", "raw", "record"),
    [
        ("services", {"port": "81", "host": "1"}, {"port": 81, "host": "1"}),
        ("services", {"port": "8.5", "retries": "x"}, {"port": 8.5, "retries": "x"}),
        ("services", {"port": "0x50", "retries": " 7 "}, {"port": 80, "retries": 7}),
        ("services", {"port": "8e1", "retries": "010"}, {"port": 80, "retries": 10}),
        ("services", {"port": "8.", "retries": ".5"}, {"port": 8, "retries": 0.5}),
        ("services", {"port": "1e999", "retries": "-1e999"}, {"port": "1e999", "retries": "-1e999"}),
        ("services", {"enabled": "false", "tls_verify": "TRUE"}, {"enabled": False, "tls_verify": "TRUE"}),
        ("services", {"name": "", "tags": "a,b"}, {"name": None, "tags": ["a,b"]}),
        ("services", {"tags": ["a", ""]}, {"tags": ["a", None]}),
        ("services", {"url": "http://x", "odd": "1"}, {"url": "http://x", "odd": "1"}),
        ("services", {"client_certificate": {"id": ""}}, {"client_certificate": {"id": None}}),
        ("services", {"client_certificate": "x"}, {"client_certificate": "x"}),
        ("routes", {"headers": {"x": "a"}}, {"headers": {"x": ["a"]}}),
        ("routes", {"destinations": {"port": "80"}}, {"destinations": [{"port": 80}]}),
        ("routes", {"service": {"id": "x"}}, {"service": {"id": "x"}}),
        (
            "upstreams",
            {"healthchecks": {"active": {"healthy": {"interval": "0.5"}}}},
            {"healthchecks": {"active": {"healthy": {"interval": 0.5}}}},
        ),
        (
            "plugins",
            {"name": "rate-limiting", "config": {"minute": "5", "redis_port": "1"}},
            {"name": "rate-limiting", "config": {"minute": 5, "redis_port": 1}},
        ),
        ("plugins", {"config": {"minute": "5"}}, {"config": {"minute": "5"}}),
        ("keyauth_credentials", {"ttl": "5"}, {"ttl": 5}),
        ("keyauth_credentials", {"ttl": ""}, {"ttl": None}),
        ("services", {"ttl": "5"}, {"ttl": "5"}),
        ("upstreams", {"slots": ["1", "2"]}, {"slots": ["1", "2"]}),
    ],
)
def test_texts_become_what_the_schema_wants(kind: str, raw: dict[str, Any], record: dict[str, Any]) -> None:
    """Numbers, booleans, lists and nulls; what does not fit stays as it is, to be refused."""
    inferred = infer(SCHEMAS[kind], raw)
    assert inferred == record
    assert repr(inferred) == repr(record)


def test_a_name_too_deep_for_any_schema_is_taken_as_it_stands() -> None:
    """Whoever sends a path of thousands of steps is told of an unknown field, not that we broke."""
    for name in ("a" + "[x]" * 5000, "a" + ".x" * 5000):
        assert decode([(name, "1")]) == {name: "1"}


def test_a_name_longer_than_any_path_is_not_taken_apart() -> None:
    """Megabytes of dots are a name that is unknown, and known for it at once."""
    begun = process_time()
    for name in ("a" + "." * 4_000_000, "a" * 4_000_000 + "[x"):
        assert decode([(name, "1")]) == {name: "1"}
    assert process_time() - begun < 0.2


def test_long_texts_of_digits_take_no_time() -> None:
    """What is no number after all is found out in one look, not once for each digit."""
    text = "1" * 1_000_000 + "x"
    assert infer(SCHEMAS["services"], {"port": text}) == {"port": text}
