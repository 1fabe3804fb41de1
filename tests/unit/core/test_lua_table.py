from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.core.lua_table import compact, pretty, quoted, scalar


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (5.0, "5"),
        (0.02, "0.02"),
        (1e100, "1e+100"),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
        (float("nan"), "nan"),
        ("x", "x"),
    ],
)
def test_scalars_read_as_in_lua(value: Any, text: str) -> None:
    """Numbers have no trailing .0, nothing is null, truth is in lower case."""
    assert scalar(value) == text


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("plain", '"plain"'),
        ('say "x" \\ y', '"say \\"x\\" \\\\ y"'),
        ("two\nlines", "[[two\nlines]]"),
        ("\nlead", "[[\n\nlead]]"),
        ("ends]", "[=[ends]]=]"),
        ("a[[b", "[=[a[[b]=]"),
        ("a\r\nb", '"a\\r\\\nb"'),
        ("nul\0", '"nul\\0"'),
    ],
)
def test_texts_are_quoted_as_lua_literals(text: str, literal: str) -> None:
    """Long brackets serve where the text holds newlines or brackets, of a level that it does not hold."""
    assert quoted(text) == literal


def test_named_members_come_in_byte_order() -> None:
    """Members are sorted, nested ones indented by two more blanks."""
    assert pretty({"b": {"x": "2"}, "a": "1"}) == '{\n  a = "1",\n  b = {\n    x = "2"\n  }\n}'


def test_elements_are_bare_until_a_gap() -> None:
    """What follows a gap in a list shows its place."""
    assert pretty(["x", None, "y"]) == '{\n  "x",\n  [3] = "y"\n}'


def test_names_that_are_no_identifiers_stand_in_brackets() -> None:
    """Kong shows @entity and Lua's own words that way."""
    assert compact({"@entity": ["e"], "end": 1}) == '{["@entity"]={"e"},["end"]=1}'
    assert compact({"a]": 1}) == "{[ [=[a]]=] ]=1}"


def test_the_compact_form_has_no_blanks() -> None:
    """Kong shows keys in one line."""
    assert compact({"name": "x", "consumer": None, "n": {"id": 1}}) == '{consumer=null,n={id=1},name="x"}'


def test_an_empty_table_is_two_braces() -> None:
    """An empty table is printed even so."""
    assert compact({}) == "{}"
    assert pretty([]) == "{\n}"
