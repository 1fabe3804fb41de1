"""The named errors of the data layer, as the Admin API names them; HTTP statuses are its business.

Codes and names are Kong's (kong.db.errors); the Admin API sends :meth:`EntityError.body` as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override


class EntityError(Exception):
    """An operation on an entity that was refused; nothing was written.

    :param fields: what was wrong, mirroring the record (``@entity`` holds the entity checks); for
        :class:`InvalidOptions` it is sent as ``options``.
    """

    code: ClassVar[int]
    name: ClassVar[str]
    fields_key: ClassVar[str] = "fields"

    def __init__(self, message: str, fields: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields

    def body(self) -> dict[str, Any]:
        """The JSON body that Kong answers for this error."""
        body: dict[str, Any] = {"code": self.code, "name": self.name, "message": self.message}
        if self.fields is not None:
            body[self.fields_key] = dict(self.fields)
        return body


class InvalidPrimaryKey(EntityError):
    """The primary key is not of the right form."""

    code = 1
    name = "invalid primary key"


class SchemaViolation(EntityError):
    """The record does not fit its schema."""

    code = 2
    name = "schema violation"


class PrimaryKeyViolation(EntityError):
    """An entity with this primary key exists already."""

    code = 3
    name = "primary key violation"


class ForeignKeyViolation(EntityError):
    """A referenced entity does not exist, or this one is still referenced."""

    code = 4
    name = "foreign key violation"


class UniqueViolation(EntityError):
    """Another entity has the same value in a unique field."""

    code = 5
    name = "unique constraint violation"


class NotFound(EntityError):
    """There is no such entity."""

    code = 6
    name = "not found"


class InvalidOffset(EntityError):
    """The offset of a page is not one that was handed out."""

    code = 7
    name = "invalid offset"


class DatabaseError(EntityError):
    """The store failed; what was asked may be tried again later. Never to be cached."""

    code = 8
    name = "database error"


class DatabaseUnavailable(DatabaseError):
    """The store cannot be reached, is full or read-only: nothing was written."""


class OutcomeUnknown(DatabaseUnavailable):
    """The store did not answer in time: what it was asked to write may have been written, or may still be."""


class InvalidSize(EntityError):
    """The size of a page is not an integer between 1 and 1000."""

    code = 9
    name = "invalid size"


class InvalidUnique(EntityError):
    """The value looked up in a unique field is not of the right form."""

    code = 10
    name = "invalid unique"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field

    @override
    def body(self) -> dict[str, Any]:
        """The JSON body; Kong puts the field into the name."""
        return {"code": self.code, "name": f"{self.name} {self.field}", "message": self.message}


class InvalidOptions(EntityError):
    """An option of the operation (``ttl``, ``tags``) is not acceptable."""

    code = 11
    name = "invalid options"
    fields_key = "options"


class OperationUnsupported(EntityError):
    """This kind of entity does not have the operation."""

    code = 12
    name = "operation unsupported"


class ForeignKeysUnresolved(EntityError):
    """A reference by name leads to no entity."""

    code = 13
    name = "foreign keys unresolved"


class PreconditionFailed(EntityError):
    """The entity is not, or no longer, as the writer took it to be (RFC 9110 §15.5.13). Ours.

    ``etag`` is that of the entity that is there, None where there is none.
    """

    code = 412
    name = "precondition failed"

    def __init__(self, message: str, etag: str | None) -> None:
        super().__init__(message)
        self.etag = etag

    @override
    def body(self) -> dict[str, Any]:
        """The JSON body, with what the entity is tagged with now."""
        return {**super().body(), "etag": self.etag}


class ReferencedByOthers(EntityError):
    """The entity cannot go while others use it."""

    code = 19
    name = "referenced by others"
