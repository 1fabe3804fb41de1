"""Tells the database that this node lives and how far it has applied the log.

Only then can others know when a change has reached everybody.  A report is made when the node comes up, when
its position has moved (together with further moves within 50 ms), and every 10 s.  A database that cannot be
reached stops nobody: it is told in the log, and tried again with the next report or as soon as the log of
changes can be read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_kong.core.changes import Position
from twisted_kong.db.interfaces import IMembership, Member
from twisted_kong.db.trouble import Trouble
from twisted_kong.node.standing import FORGOTTEN_AFTER, HEARTBEAT

# Seconds between two reports at least, and after one that has failed.
PAUSE = 0.05
REST = 1.0
# Seconds after which a report is given up.
PATIENCE = 10.0
# Seconds that leaving may take: the node stops, and would be taken for dead soon anyway.
FAREWELL = 2.0
# Seconds between two looks for nodes to be forgotten.
TIDYING = 600.0


class Membership:
    """This node among the members.

    :param this: what is reported, without a position.
    :param applied: tells the position that this node has applied.
    """

    _log = Logger()

    def __init__(
        self,
        store: IMembership,
        this: Member,
        applied: Callable[[], Position | None],
        clock: IReactorTime,
    ) -> None:
        self._store, self._this, self._applied, self._clock = store, this, applied, clock
        self._trouble = Trouble(self._log)
        self._heart = LoopingCall(self._want)
        self._heart.clock = clock
        self._timer: IDelayedCall | None = None
        self._reporting: Deferred[None] | None = None
        self._begun_at: float | None = None
        self._tidied_at: float | None = None
        # What the database knows of this node, if the last report has arrived.
        self._known: Position | None = None
        self._has_arrived = False
        self._end: Position | None = None

    @property
    def this(self) -> Member:
        """This node as it is now."""
        return replace(self._this, position=self._applied())

    async def start(self) -> Position | None:
        """Report, and go on reporting; returns when the first report has ended.

        What was confirmed to anybody before others could know of this node lies before the position; None if
        the report has failed.
        """
        self._heart.start(HEARTBEAT, now=True)
        await self._ended()
        return self._end

    async def stop(self) -> None:
        """Report no more, and leave the members."""
        if self._heart.running:
            self._heart.stop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._reporting is not None:
            ended = self._ended()
            self._reporting.cancel()
            await ended
        leaving = Deferred.fromCoroutine(self._store.leave(self._this.instance))
        leaving.addTimeout(FAREWELL, self._clock)
        leaving.addErrback(self._met, "could not leave the list of nodes, where this one will age out")
        await leaving

    def moved(self) -> None:
        """The log was applied up to some position: report it, if the database does not know yet."""
        if self._heart.running and not (self._has_arrived and self._known == self._applied()):
            self._want()

    def _want(self) -> None:
        """Report soon; one that is under way sees to it by itself."""
        if self._reporting is not None or self._timer is not None:
            return
        pause = PAUSE if self._has_arrived else REST
        wait = 0.0 if self._begun_at is None else self._begun_at + pause - self._clock.seconds()
        if wait > 0:
            self._timer = self._clock.callLater(wait, self._begin)
        else:
            self._begin()

    def _begin(self) -> None:
        self._timer = None
        self._begun_at = self._clock.seconds()
        this = self.this
        report = Deferred.fromCoroutine(self._report(this))
        report.addTimeout(PATIENCE, self._clock)
        self._reporting = report
        report.addCallbacks(self._reported, self._failed, callbackArgs=(this,))

    async def _report(self, this: Member) -> None:
        self._end = await self._store.report(this)
        if self._tidied_at is None:
            await self._replace(this)
        if self._tidied_at is None or self._tidied_at + TIDYING <= self._clock.seconds():
            await self._store.forget_members(FORGOTTEN_AFTER)
            self._tidied_at = self._clock.seconds()

    async def _replace(self, this: Member) -> None:
        """Take the processes that this node was before off the list, where a crash has left them.

        They would be waited for until they count as dead.  The host must be the same as well: a copied prefix
        makes two nodes of one id.  Should they even share the host, the other is back with its next report.
        """
        for member in await self._store.members():
            is_same = (member.id, member.hostname) == (this.id, this.hostname)
            if is_same and member.instance != this.instance:
                await self._store.leave(member.instance)

    def _reported(self, _: None, this: Member) -> None:
        self._reporting = None
        self._known, self._has_arrived = this.position, True
        self._trouble.over("this node is on the list of nodes again")
        self.moved()

    def _failed(self, failure: Failure) -> None:
        self._reporting = None
        self._has_arrived = False
        if self._heart.running:
            self._met(failure, "could not report this node, so that others may not wait for it")

    def _met(self, failure: Failure, what: str) -> None:
        self._trouble.met(failure, what)

    def _ended(self) -> Deferred[None]:
        """Fires when the report under way has ended, however that was."""
        if self._reporting is None:
            return succeed(None)
        ended: Deferred[None] = Deferred()
        self._reporting.addBoth(lambda _: ended.callback(None))
        return ended
