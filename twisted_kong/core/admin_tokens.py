"""Tokens of the Admin API: their form, what is kept of them, and what their roles allow.

Only the SHA-256 of a token is stored.  Passwords need a slow hash because people choose them from few; a
token is drawn from 2**256 (44 characters of which each is worth at least 5.9 bits), so nobody finds it by
trying hashes, however fast they are.  And a fast one costs the node nothing when it is sent garbage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final, Literal

Access = Literal["read", "write"]
Roles = Mapping[str, str]

READ: Final = "read"
WRITE: Final = "write"
# The role for every kind of entity, and for what is about none.
ALL: Final = "*"

HASH_FIELD: Final = "token_hash"
TOKEN_FIELD: Final = "token"

# Lets scanners of secrets recognise one that was published by mistake.
_PREFIX = "kat_"
_LENGTH = 44
_SHAPE = re.compile(rf"{_PREFIX}[A-Za-z0-9]{{{_LENGTH}}}\Z")


def new_token(random_text: Callable[[], str]) -> str:
    """A token nobody can guess.

    :param random_text: makes unguessable letters and digits, those of a base64 text.
    """
    text = ""
    while len(text) < _LENGTH:
        text += random_text()
    return _PREFIX + text[:_LENGTH]


def has_token_shape(text: str) -> bool:
    """Whether a text may be a token at all; garbage is not even hashed."""
    return _SHAPE.match(text) is not None


def digest(text: str) -> str:
    """What is stored of a token, and what it is found by."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def allows(roles: Roles, kind: str, access: Access) -> bool:
    """Whether roles allow to read, or to write, a kind of entity (:data:`ALL`: every kind)."""
    held = {roles.get(kind), roles.get(ALL)}
    return WRITE in held or (access == READ and READ in held)
