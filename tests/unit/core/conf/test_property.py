"""Property: what is known of one setting."""

from __future__ import annotations

from twisted_kong.core.conf.property import ARRAY_KINDS, Kind, Property


def test_environment_name_is_the_upper_case_name_behind_kong() -> None:
    """KONG_ and the name in capitals set a property."""
    assert Property("pg_host", Kind.STRING, None, "").environment_name == "KONG_PG_HOST"


def test_finer_kinds_tell_kongs_type() -> None:
    """An error speaks of a number or an array, however finely we read the value."""
    assert Kind.INTEGER.kong_type == "number"
    assert Kind.LISTENERS.kong_type == "array"
    assert Kind.BOOLEAN.kong_type == "boolean"
    assert Kind.SIZE.kong_type == "string"


def test_array_kinds_are_those_that_are_comma_separated() -> None:
    """References inside lists are resolved one by one, so every list must be known as one."""
    assert Kind.ARRAY in ARRAY_KINDS
    assert Kind.HEADERS in ARRAY_KINDS
    assert Kind.STRING not in ARRAY_KINDS
