"""Entity tags and the conditions that requests make with them: RFC 9110 §8.8.3 and §13, against lost updates.

A tag is a digest of what was written, all fields of the schema in one order, so it is the same on every node
and with every datastore.  The rest of its life, which is shown with an entity that expires, is no part of
it: it runs down though nobody writes.

A condition of a write is judged by the DAO on what it then writes over (:mod:`twisted_kong.db.terms`); one
of a read on the answer.  ``If-Modified-Since`` and ``If-Unmodified-Since`` mean nothing here, for entities
have no ``Last-Modified``: a second is too long to tell two writes apart.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import orjson

from twisted_kong.admin.answers import Answer
from twisted_kong.admin.calls import READING, Call, Handler
from twisted_kong.admin.failures import Refused
from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import PreconditionFailed, PrimaryKeyViolation, UniqueViolation
from twisted_kong.core.schema.schema import Schema

ETAG = "ETag"
# Of 256 bits: enough that no two entities ever share a tag.
_TAG_BYTES = 18
# RFC 9110 §8.8.3
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


def etag_of(schema: Schema, entity: Entity) -> str:
    """The strong tag of an entity of a kind, with its quotation marks."""
    return _tag({name: entity[name] for name in schema.fields if name in entity})


def _tag(state: Entity) -> str:
    return tag_of(sha256(orjson.dumps(state, option=orjson.OPT_SORT_KEYS)).digest())


def tag_of(digest: bytes) -> str:
    """The strong tag of what has a SHA-256 digest."""
    return f'"{urlsafe_b64encode(digest[:_TAG_BYTES]).decode("ascii")}"'


@dataclass(frozen=True, slots=True)
class Tags:
    """A list of entity tags, as a header has it; ``any`` is ``*``."""

    any: bool = False
    tags: frozenset[str] = frozenset()

    def match(self, etag: str | None, *, weakly: bool = False) -> bool:
        """Whether there is an entity (None: there is none) and it is among those meant.

        :param weakly: compare as RFC 9110 §8.8.3.2 calls weak, so that ``W/"x"`` means ``"x"`` too.
        """
        if etag is None:
            return False
        return self.any or etag in self.tags or (weakly and f"W/{etag}" in self.tags)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a request wants to hold of the entity that it is for, in the order of RFC 9110 §13.2.2."""

    if_match: Tags | None = None
    if_none_match: Tags | None = None

    @property
    def only_new(self) -> bool:
        """Whether the request shall make an entity or do nothing."""
        return self.if_none_match is not None and self.if_none_match.any

    def check(self, current: Entity | None) -> None:
        """Raise :class:`PreconditionFailed` unless a write may take the place of what is there."""
        etag = None if current is None else _tag(current)
        self._require_match(etag)
        if self.if_none_match is not None and self.if_none_match.match(etag, weakly=True):
            raise PreconditionFailed("If-None-Match: the entity is there already", etag)

    def read(self, answer: Answer) -> Answer:
        """The answer to a read under these conditions; what is no single entity has none.

        :raises PreconditionFailed: if ``If-Match`` does not hold.
        """
        etag = dict(answer.headers).get(ETAG)
        if answer.status != 200 or etag is None:
            return answer
        self._require_match(etag)
        if self.if_none_match is not None and self.if_none_match.match(etag, weakly=True):
            return Answer(304, headers=answer.headers)
        return answer

    def _require_match(self, etag: str | None) -> None:
        if self.if_match is None or self.if_match.match(etag):
            return
        if etag is None:
            raise PreconditionFailed("If-Match: there is no such entity", None)
        raise PreconditionFailed("If-Match: the entity has been changed meanwhile", etag)


def conditions_in(if_match: Sequence[str], if_none_match: Sequence[str]) -> Conditions | None:
    """The conditions in the lines of both headers; None if there are none.

    :raises Refused: for what is no list of tags: who means to be careful must not be taken for careless.
    """
    if not if_match and not if_none_match:
        return None
    return Conditions(_parsed("If-Match", if_match), _parsed("If-None-Match", if_none_match))


async def under(conditions: Conditions | None, handler: Handler, call: Call) -> Answer:
    """The answer of an endpoint to a call that was made under these conditions.

    A write is judged by the DAO, for which the conditions are among the call's terms; only what the DAO
    refuses because it is there already is told here in the words of the condition.

    :raises PreconditionFailed: where they do not hold.
    """
    if conditions is None:
        return await handler(call)
    if call.method in READING:
        return conditions.read(await handler(call))
    try:
        return await handler(call)
    except (UniqueViolation, PrimaryKeyViolation) as error:
        if conditions.only_new:
            raise PreconditionFailed(f"If-None-Match: {error.message}", None) from error
        raise


def _parsed(name: str, lines: Sequence[str]) -> Tags | None:
    if not lines:
        return None
    text = ", ".join(lines).strip()
    if text == "*":
        return Tags(any=True)
    tags = frozenset(_TAG.findall(text))
    if not tags or _TAG.sub("", text).strip(", \t"):
        raise Refused(400, f'{name} must be * or a list of entity tags, like "abc"')
    return Tags(tags=tags)
