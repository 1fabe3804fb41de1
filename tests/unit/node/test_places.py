"""Who may read the database when."""

from __future__ import annotations

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from twisted_kong.node.places import LIMIT, PATIENCE, Begin, Places


class Reads:
    """Reads that begin when they are let and end when the test wants."""

    def __init__(self, count: int) -> None:
        self.clock = Clock()
        self.begun: list[str] = []
        self.given_up: list[str] = []
        self.under_way: dict[str, Deferred[None]] = {}
        self.spare: list[str] = []
        self.places = Places(self.clock, count, self._next_spare)

    def ask(self, name: str) -> None:
        self.places.ask(lambda: self._begin(name), lambda: self.given_up.append(name))

    def end(self, name: str) -> None:
        self.under_way.pop(name).callback(None)

    def _begin(self, name: str) -> Deferred[None]:
        self.begun.append(name)
        self.under_way[name] = Deferred()
        return self.under_way[name]

    def _next_spare(self) -> Begin | None:
        return (lambda name: lambda: self._begin(name))(self.spare.pop(0)) if self.spare else None


def test_so_many_at_a_time_and_first_come_first_served() -> None:
    """No more than the bound are under way; the others follow in the order in which they asked."""
    reads = Reads(2)
    for name in "abcd":
        reads.ask(name)
    assert (reads.begun, reads.places.taken, reads.places.waiting) == (["a", "b"], 2, 2)
    reads.end("b")
    reads.end("a")
    assert reads.begun == ["a", "b", "c", "d"]
    reads.end("c")
    reads.end("d")
    assert (reads.places.taken, reads.clock.getDelayedCalls()) == (0, [])


def test_what_is_spare_comes_after_all_who_wait() -> None:
    """A read for which nobody waits gets the places that nobody wants."""
    reads = Reads(1)
    reads.spare = ["x", "y"]
    reads.places.advance()
    reads.ask("a")
    reads.end("x")
    assert reads.begun == ["x", "a"]
    reads.end("a")
    assert reads.begun == ["x", "a", "y"]
    reads.end("y")


def test_nobody_waits_for_ever() -> None:
    """Who has waited too long is told so; a read that hangs is not counted any more, and others go on."""
    reads = Reads(1)
    reads.ask("hangs")
    reads.clock.advance(PATIENCE / 2)
    reads.ask("a")
    reads.clock.advance(PATIENCE / 2)
    assert reads.begun == ["hangs", "a"]
    reads.ask("b")
    reads.clock.advance(PATIENCE - 0.1)
    reads.ask("c")
    assert reads.given_up == []
    # "a" hangs as well, so its place goes to "b", which has waited just as long
    reads.clock.advance(0.1)
    assert (reads.begun[-1], reads.given_up) == ("b", [])
    reads.clock.advance(PATIENCE)
    assert reads.begun[-1] == "c"
    for name in ("hangs", "a", "b", "c"):
        reads.end(name)
    assert reads.clock.getDelayedCalls() == []


def test_who_cannot_get_a_place_in_time_is_given_up() -> None:
    """With all places changing hands too slowly, the waiting ends with a refusal and not with a late read."""
    reads = Reads(1)
    reads.ask("a")
    for number in range(4):
        reads.ask(f"waits {number}")
    reads.clock.advance(PATIENCE - 1)
    reads.end("a")
    reads.clock.advance(1)
    assert reads.begun == ["a", "waits 0"]
    assert reads.given_up == ["waits 1", "waits 2", "waits 3"]
    reads.end("waits 0")
    assert reads.clock.getDelayedCalls() == []


def test_the_queue_is_bounded() -> None:
    """More than a bounded number do not wait at all."""
    reads = Reads(1)
    reads.ask("a")
    for number in range(LIMIT + 1):
        reads.ask(str(number))
    assert (reads.places.waiting, reads.given_up) == (LIMIT, [str(LIMIT)])


def test_reads_that_end_at_once_do_not_nest() -> None:
    """Thousands of reads that are done before they return follow one another, not from within one another."""
    clock, done = Clock(), [0]

    def begin() -> Deferred[None]:
        done[0] += 1
        return succeed(None)

    first: Deferred[None] = Deferred()
    places = Places(clock, 1, lambda: None)
    places.ask(lambda: first, lambda: None)
    for _ in range(5000):
        places.ask(begin, lambda: None)
    first.callback(None)
    assert done == [5000]
    assert clock.getDelayedCalls() == []


def test_a_read_within_a_read_needs_no_place() -> None:
    """What a read asks for itself is read at once: it would else wait for the place that it holds."""
    clock, inner = Clock(), []
    places = Places(clock, 1, lambda: None)

    async def outer() -> None:
        places.ask(lambda: succeed(inner.append("read")), lambda: None)

    places.ask(lambda: Deferred.fromCoroutine(outer()), lambda: None)
    assert inner == ["read"]
    assert places.waiting == 0
