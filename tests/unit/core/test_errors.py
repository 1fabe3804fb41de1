from __future__ import annotations

import pytest

from twisted_kong.core import errors


def concrete(cls: type[errors.EntityError]) -> list[type[errors.EntityError]]:
    found = []
    for sub in cls.__subclasses__():
        found += [sub, *concrete(sub)]
    return found


def test_a_body_mirrors_kong() -> None:
    """The body carries code, name, message and fields under Kong's names."""
    error = errors.UniqueViolation("UNIQUE violation detected on '{name=\"a\"}'", {"name": "a"})
    assert error.body() == {
        "code": 5,
        "name": "unique constraint violation",
        "message": "UNIQUE violation detected on '{name=\"a\"}'",
        "fields": {"name": "a"},
    }


def test_fields_are_left_out_when_there_are_none() -> None:
    """Kong sends no fields for a bad offset or size."""
    assert "fields" not in errors.InvalidSize("size must be a number").body()


def test_options_replace_fields() -> None:
    """Code 11 names its details options."""
    assert errors.InvalidOptions("m", {"tags": "x"}).body()["options"] == {"tags": "x"}


def test_invalid_unique_names_its_field() -> None:
    """Kong's name for code 10 ends in the field."""
    assert errors.InvalidUnique("tag", "bad").body() == {
        "code": 10,
        "name": "invalid unique tag",
        "message": "bad",
    }


@pytest.mark.parametrize("cls", concrete(errors.EntityError))
def test_every_error_has_code_and_name(cls: type[errors.EntityError]) -> None:
    """No error reaches the Admin API without its code."""
    assert isinstance(cls.code, int)
    assert cls.name
