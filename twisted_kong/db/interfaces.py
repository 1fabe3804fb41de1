"""What the data layer asks of a strategy, that is of a kind of datastore, and the values passed between them.

A strategy keeps entities as JSON documents and the log of changes beside them.
It knows nothing of schemas: a :class:`~twisted_kong.db.tables.Table` tells it which fields are unique, which
refer to others, which carry tags.
All writing goes through :meth:`IStrategy.apply`: a list of writes that happens as a whole or not at all,
with one row in the log for each entity written, the log rows last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from twisted_kong.core.changes import Change, ChangeBatch, Entity, Position
from twisted_kong.db.tables import Table, Unique


class LostRace(Exception):
    """Somebody else wrote the entity since it was read: read again, decide again, write again."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entity as the store holds it.

    ``document`` is its text, which also serves as its version: a write that expects this very text is
    refused when the row holds another.  ``expires`` is in epoch seconds, None for ever.
    """

    entity: Entity
    document: bytes
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """One write of one entity, to be applied together with others or not at all.

    ``insert`` wants no row with this key.
    ``update`` wants one, and with ``expected`` the very document that was read before; with ``family`` just
    those rows that referred to it then, as table, field and keys.
    ``delete`` is content when there is none.
    ``expire`` removes a row whose time is over and leaves no trace in the log of it (only of what cascades).
    """

    table: str
    operation: Literal["insert", "update", "delete", "expire"]
    key: str
    entity: Entity | None = None
    expected: bytes | None = None
    expires: float | None = None
    keeps_expiry: bool = False
    family: tuple[str, str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """Writes to be applied as a whole, with what the log shall say of who made them and when.

    ``told`` hears now and then, in the reactor's thread, how many of them are done; a store may leave it out.
    """

    writes: tuple[Write, ...]
    origin: str
    at: float
    author: str | None = None
    told: Callable[[int], object] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit did: ``position`` is the log's end just after it, even when nothing had to change."""

    changes: tuple[Change, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class TagFilter:
    """Which tags an entity must bear: all of them or any of them."""

    tags: tuple[str, ...]
    every: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of a table a page is cut from: all, or those with these tags, or of this parent; and how."""

    tags: TagFilter | None = None
    foreign: tuple[str, str] | None = None
    descending: bool = False


# Where a page ended, as a list that JSON can hold: the key of its last row, with every strategy and in either
# order. A store that lies over another one makes them for it.
Cursor = Sequence[Any]


@dataclass(frozen=True, slots=True)
class StoredPage:
    """Rows by their keys; ``cursor`` asks for the next ones and is None on the last page."""

    rows: tuple[Stored, ...]
    cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class TagRow:
    """One tag of one entity; ``ordinal`` is its place among the entity's tags, from 1."""

    tag: str
    table: str
    key: str
    ordinal: int


@dataclass(frozen=True, slots=True)
class MigrationState:
    """Which steps of the store's layout have run and which remain, by name and in order."""

    executed: tuple[str, ...] = field(default=())
    pending: tuple[str, ...] = field(default=())


# Seconds without a report after which a node counts as dead: two heartbeats may be lost or late.
DEAD_AFTER = 30.0


@dataclass(frozen=True, slots=True)
class Member:
    """A running node as it reports itself to the others on the same database.

    ``instance`` is the running process (the origin of its changes), new with every start; ``id`` is the node
    id, which outlives restarts.
    ``position`` is how far it has applied the log.
    ``started`` is in epoch seconds by the node's own clock and only to be shown; ``age`` is how many seconds
    ago it last reported, by the store's clock, and means nothing in a report.
    """

    instance: str
    id: str
    hostname: str
    version: str
    started: float
    position: Position | None
    age: float = 0.0


def is_live(member: Member) -> bool:
    """Whether a node counts as living."""
    return member.age < DEAD_AFTER


@dataclass(frozen=True, slots=True)
class PoolUse:
    """The connections of one pool: how many there may be, are, are at work; and who waits for one."""

    size: int
    open: int
    busy: int
    waiting: int


class IMembership(Protocol):
    """Which nodes run on a database, and how far each has got."""

    async def report(self, member: Member) -> Position:
        """Say that this node lives and where it stands; the first report makes it a member.

        Returns an end of the log before which lies all that was committed before others could know of the
        node: for the first report as the server that takes writes tells it after the report is visible.
        """

    async def leave(self, instance: str) -> None:
        """Be a member no longer; content if it never was one."""

    async def members(self) -> tuple[Member, ...]:
        """Who has reported and not left, dead or alive, by ascending instance."""

    async def forget_members(self, age: float) -> int:
        """Forget those who have not reported for so many seconds; how many."""


class IChangeLog(Protocol):
    """The log of changes: who holds a position can ask what came after it."""

    def parse_position(self, text: str) -> Position:
        """The position that ``str()`` of one gave; ValueError for any other text."""

    async def head(self) -> Position:
        """The position of the latest change."""

    async def changes_after(self, position: Position, limit: int = 1000) -> ChangeBatch:
        """What was committed after a position, in commit order.

        The batch says ``continuous=False`` whenever nothing can be shown about what lies between; its
        position is then the log's end and it holds no changes.
        """

    async def ping(self) -> None:
        """Ask the datastore itself for something small; raises what keeps it from answering."""
        await self.head()

    def has_news(self) -> bool:
        """Whether something was committed since the last :meth:`changes_after`, as far as is cheap to tell.

        Never blocks and never raises; may always answer False, for polling is what is relied upon.
        """

    def listen(self, heard: Callable[[], object]) -> None:
        """Have a function called, in the reactor's thread, as soon as the store pushes word of a commit.

        May be called never, late, or for nothing. One listener at most; a store without a push keeps quiet.
        """
        return None

    async def history(self, after: Position | None, limit: int) -> ChangeBatch:
        """What the log still holds after a position, or from its beginning; for people, not for coherence.

        Leaves what :meth:`has_news` tells untouched. ``continuous`` is False, with no changes, for a position
        that is not in the log (any more).
        """


class IStrategy(IChangeLog, IMembership, Protocol):
    """A datastore.

    Refusals are the named errors of ``core.errors``; failures are :class:`DatabaseError`, or
    :class:`DatabaseUnavailable` where nothing can have been written, or :class:`OutcomeUnknown` where that is
    not known.
    Expired rows are never returned and never stand in the way of a write.
    """

    name: str

    async def start(self, tables: Mapping[str, Table], *, migrate: bool = True) -> None:
        """Open the store and bring its layout up to date, or refuse with one line for the operator."""

    async def stop(self) -> None:
        """Finish what is under way and close; nothing may be asked afterwards."""

    async def migrations(self) -> MigrationState:
        """Which steps have run; may be asked without :meth:`start`."""

    @property
    def outdated_since(self) -> float | None:
        """None while it is the datastore that is read.

        Where something stands in for it: the epoch second until which what is read is known to be current.
        """
        return None

    def pool_use(self) -> Mapping[str, PoolUse]:
        """How its pools of connections are used, by name, if it has any; cheap."""
        return {}

    async def catch_up(self) -> None:
        """Have reads from now on show all that was committed before this call, or raise.

        For who decides what to write by what is read; does nothing where no read can be behind.
        """
        return None

    async def select(self, table: Table, key: str) -> Stored | None:
        """The row with a primary key."""

    async def select_by(self, table: Table, unique: Unique, value: str) -> Stored | None:
        """The row with a value (as :meth:`Unique.value_of` writes it) under a unique constraint."""

    async def page(self, table: Table, size: int, cursor: Cursor | None, selection: Selection) -> StoredPage:
        """At most ``size`` rows by primary key, after a cursor of either order; ValueError for another."""

    async def tags_after(
        self, size: int, after: tuple[str, int, str] | None, tag: str | None
    ) -> list[TagRow]:
        """At most ``size`` tags of entities by (key, ordinal, table), of one tag or of all."""

    def examine(self, table: Table, key: str, entity: Entity) -> None:
        """Refuse an entity that :meth:`apply` would refuse by itself, for a reason that only this store has.

        :raises SchemaViolation: for a text that the store cannot hold; cheap and without a look at any row.
        """
        return None

    async def apply(self, commit: Commit) -> Committed:
        """Apply all of the writes and log them, or raise and change nothing; :class:`LostRace` see there."""

    async def expired(self, limit: int) -> list[tuple[str, str]]:
        """Table and key of rows of its kinds whose time is over and which still take up room."""

    async def trim_log(self, before: float) -> int:
        """Forget changes written before an epoch second, but never the newest; how many went.

        Works in small steps, so that writers never wait for it, and only ever removes from the old end:
        what remains is without gaps.
        """
