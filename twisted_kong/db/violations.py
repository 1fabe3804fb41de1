"""The refusals of a store, with Kong's codes, texts and fields (``kong.db.errors``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.errors import (
    ForeignKeysUnresolved,
    ForeignKeyViolation,
    InvalidOptions,
    NotFound,
    PrimaryKeyViolation,
    UniqueViolation,
)
from twisted_kong.core.lua_table import compact


def primary_key_violation(primary_key: Mapping[str, Any]) -> PrimaryKeyViolation:
    """An entity with this primary key exists already."""
    return PrimaryKeyViolation(f"primary key violation on key '{compact(primary_key)}'", primary_key)


def unique_violation(fields: Mapping[str, Any]) -> UniqueViolation:
    """Another entity has these values in fields that must be unique."""
    return UniqueViolation(f"UNIQUE violation detected on '{compact(fields)}'", fields)


def dangling_reference(field: str, reference: Mapping[str, Any], parent: str) -> ForeignKeyViolation:
    """The entity refers to one that does not exist."""
    return ForeignKeyViolation(
        f"the foreign key '{compact(reference)}' does not reference an existing '{parent}' entity.",
        {field: dict(reference)},
    )


def still_referenced(parent: str, child: str) -> ForeignKeyViolation:
    """The entity cannot go while one of another kind refers to it."""
    return ForeignKeyViolation(
        f"an existing '{child}' entity references this '{parent}' entity", {"@referenced_by": child}
    )


def not_found(primary_key: Mapping[str, Any]) -> NotFound:
    """There is no entity with this primary key."""
    return NotFound(f"could not find the entity with primary key '{compact(primary_key)}'", primary_key)


def not_found_by(field: str, value: Any) -> NotFound:
    """There is no entity with this value in a unique field."""
    return NotFound(f"could not find the entity with '{compact({field: value})}'", {field: value})


def invalid_option(name: str, reason: str) -> InvalidOptions:
    """An option of the operation is not acceptable."""
    return InvalidOptions(f"invalid option ({name}: {reason})", {name: reason})


def unresolved(errors: Mapping[str, Mapping[str, str]]) -> ForeignKeysUnresolved:
    """References by name that lead nowhere: field → name's field → reason."""
    texts = [
        f"{field}.{name}: {reason}"
        for field in sorted(errors)
        for name, reason in sorted(errors[field].items())
    ]
    heading = "foreign key unresolved" if len(texts) == 1 else f"{len(texts)} foreign keys unresolved"
    return ForeignKeysUnresolved(f"{heading} ({'; '.join(texts)})", {f: dict(e) for f, e in errors.items()})


def unresolved_reason(name: str, value: Any, parent: str) -> str:
    """Why a reference by name was not resolved."""
    return (
        f"the foreign key cannot be resolved with '{compact({name: value})}'"
        f" for an existing '{parent}' entity"
    )
