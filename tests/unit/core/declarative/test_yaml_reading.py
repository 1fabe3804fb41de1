"""YAML gives plain values, tells the line of what is wrong, and is never more than it looks."""

from __future__ import annotations

from itertools import pairwise
from time import process_time
from typing import Any

import pytest

from tests.kit.finishing import finished
from twisted_kong.core.declarative.limits import Limits
from twisted_kong.core.declarative.problems import DocumentError
from twisted_kong.core.declarative.yaml_reading import read_yaml


def value_of(text: str, **limits: int) -> Any:
    """The value of a text."""
    return finished(read_yaml(text, Limits(**limits)))


def test_values() -> None:
    """Nested lists and mappings, quoted and plain scalars, texts of several lines, keys as JSON has them."""
    text = 'a: [1, "2", {b: yes}]\nc: |\n  one\n  two\nd: "yes"\n1: x\ntrue: y\ne: 2024-01-01\n'
    expected = {"a": [1, "2", {"b": True}], "c": "one\ntwo\n", "d": "yes", "1": "x", "true": "y"}
    assert value_of(text) == {**expected, "e": "2024-01-01"}
    assert value_of("") is None


def test_anchors_and_merge_keys() -> None:
    """decK's users write shared parts so; what a mapping says itself counts more."""
    text = "x: &x {a: 1, b: 2}\ny: {b: 3, <<: *x}\nz:\n  <<: [{a: 9}, *x]\n  c: 4\n"
    assert value_of(text)["y"] == {"a": 1, "b": 3}
    assert value_of(text)["z"] == {"a": 9, "b": 2, "c": 4}
    assert value_of('a: {"<<": 1}') == {"a": {"<<": 1}}


def test_merging_takes_as_long_as_what_is_merged() -> None:
    """Not as long as that times what was merged before: a megabyte of aliases would be minutes."""
    keys = ", ".join(f"k{number}: 1" for number in range(20_000))
    aliases = ", ".join(["*y"] * 4000)
    text = f"x: &x {{{keys}}}\ny: &y {{k0: 2, z: 3}}\nz: {{<<: [*x, {aliases}]}}\n"
    begun = process_time()
    merged = value_of(text)["z"]
    assert process_time() - begun < 1.2
    assert (len(merged), merged["k0"], merged["z"]) == (20_001, 1, 3)


def test_the_types_of_the_language_may_be_named() -> None:
    """A text can be said to be one."""
    assert value_of("a: !!str 1\nb: !!int '2'\nc: ! 3\nd: !!float 1.5") == {
        "a": "1",
        "b": 2,
        "c": "3",
        "d": 1.5,
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: [1]]", 2),
        ("a: 1\na: 2", 2),
        ("a: *nowhere", 1),
        ("\na: !!python/object/apply:os.system [x]", 2),
        ("a: !!timestamp 2024-01-01", 1),
        ("a: !!binary aGk=", 1),
        ("a: 1\n---\nb: 2", 2),
        ("a: 1\nb: .inf", 2),
        ("a:\n\t- b", 2),
        ("? [a]\n: b", 1),
        ("a:\n  <<: 1", 2),
        ("a: \x01", None),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int | None) -> None:
    """Nothing is constructed but dictionaries, lists and scalars."""
    with pytest.raises(DocumentError) as caught:
        value_of(text)
    assert caught.value.line == line


def test_an_alias_counts_for_all_that_it_repeats() -> None:
    """A few hundred bytes cannot stand for billions of values."""
    names = "abcdefghij"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in pairwise(names)]
    with pytest.raises(DocumentError, match="more than 100000 values"):
        value_of("\n".join(lines), values=100_000)


def test_depth_is_bounded() -> None:
    """However it is written."""
    with pytest.raises(DocumentError, match="levels deep"):
        value_of("[" * 60 + "]" * 60)


def test_an_alias_to_what_holds_it() -> None:
    """A list cannot hold itself."""
    with pytest.raises(DocumentError, match="no anchor"):
        value_of("a: &a [*a]")


def test_it_rests_in_between() -> None:
    """Whoever drives the reader can give others a turn."""
    text = "a:\n" + "".join(f"- {n}\n" for n in range(1000))
    assert sum(1 for _ in read_yaml(text)) >= 4
