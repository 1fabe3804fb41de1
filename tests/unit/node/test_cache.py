from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import failure_of, no_result, outcome, started, success_of
from tests.kit.logs import caught_errors
from twisted_kong.core.cache import ABSENT, MISS, Expiring
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.node.cache import EntityCache
from twisted_kong.node.cache_listing import Wanted


class Reads:
    """A database that answers when the test says so; counts what it was asked."""

    def __init__(self) -> None:
        self.waiting: list[Deferred[Any]] = []

    def __call__(self) -> Deferred[Any]:
        self.waiting.append(Deferred())
        return self.waiting[-1]

    @property
    def count(self) -> int:
        return len(self.waiting)


def returning(value: Any) -> Any:
    async def load() -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    return load


def filled(clock: Clock, **values: Any) -> EntityCache:
    cache = EntityCache(clock)
    for key, value in values.items():
        success_of(cache.get(key, returning(value)))
    return cache


def test_a_value_is_read_once() -> None:
    """The second request is answered from the cache, synchronously."""
    cache, reads = EntityCache(Clock()), Reads()
    first = started(cache.get("k", reads))
    assert cache.peek("k") is ABSENT
    reads.waiting[0].callback({"id": "1"})
    assert success_of(first) == {"id": "1"}
    assert cache.peek("k") == {"id": "1"}
    assert success_of(cache.get("k", reads)) == {"id": "1"}
    assert reads.count == 1


def test_a_miss_is_remembered() -> None:
    """That the database holds nothing is an answer too, and is not asked again."""
    cache, reads = EntityCache(Clock()), Reads()
    first = started(cache.get("k", reads))
    reads.waiting[0].callback(None)
    assert success_of(first) is None
    assert cache.peek("k") is MISS
    assert success_of(cache.get("k", reads)) is None
    assert reads.count == 1


def test_many_waiters_share_one_read() -> None:
    """Single flight: however many ask for a key, the database is asked once."""
    cache, reads = EntityCache(Clock()), Reads()
    waiters = [started(cache.get("k", reads)) for _ in range(50)]
    reads.waiting[0].callback("v")
    assert [success_of(waiter) for waiter in waiters] == ["v"] * 50
    assert reads.count == 1


def test_a_cancelled_waiter_leaves_the_others_waiting() -> None:
    """One client going away neither stops the read nor disturbs those who share it."""
    cache, reads = EntityCache(Clock()), Reads()
    first, second = started(cache.get("k", reads)), started(cache.get("k", reads))
    first.cancel()
    failure_of(first, CancelledError)
    no_result(second)
    reads.waiting[0].callback("v")
    assert success_of(second) == "v"
    assert cache.peek("k") == "v"


def test_a_read_that_everybody_left_is_still_kept() -> None:
    """The work is not lost when the only client goes away."""
    cache, reads = EntityCache(Clock()), Reads()
    only = started(cache.get("k", reads))
    only.cancel()
    failure_of(only, CancelledError)
    reads.waiting[0].callback("v")
    assert cache.peek("k") == "v"


@pytest.mark.parametrize("purge", ["invalidate", "purge", "soft_purge"])
def test_a_purge_during_a_read_answers_but_keeps_nothing(purge: str) -> None:
    """The lease: what was read before a change may not be stored after it."""
    cache, reads = EntityCache(Clock()), Reads()
    waiter = started(cache.get("k", reads))
    if purge == "invalidate":
        assert cache.invalidate("k")
    else:
        getattr(cache, purge)()
    reads.waiting[0].callback("old")
    assert success_of(waiter) == "old"
    assert cache.peek("k") is ABSENT
    assert cache.statistics.voided == 1


def test_who_asks_after_a_purge_does_not_get_the_older_read() -> None:
    """A read that began before the change serves only those who asked before it."""
    cache, reads = EntityCache(Clock()), Reads()
    before = started(cache.get("k", reads))
    cache.invalidate("k")
    after = started(cache.get("k", reads))
    assert reads.count == 2
    reads.waiting[1].callback("new")
    reads.waiting[0].callback("old")
    assert success_of(before) == "old"
    assert success_of(after) == "new"
    assert cache.peek("k") == "new"


def test_nobody_joins_a_read_that_hangs() -> None:
    """A store that never answers one read does not take the key away for ever."""
    clock, reads = Clock(), Reads()
    cache = EntityCache(clock)
    hanging = started(cache.get("k", reads))
    clock.advance(30)
    started(cache.get("k", reads))
    assert reads.count == 1
    clock.advance(1)
    late = started(cache.get("k", reads))
    reads.waiting[1].callback("new")
    assert success_of(late) == "new"
    reads.waiting[0].callback("old")
    assert success_of(hanging) == "old"
    assert cache.peek("k") == "new"


def test_an_error_reaches_every_waiter_and_is_never_kept() -> None:
    """The next request asks the database again."""
    cache, reads = EntityCache(Clock()), Reads()
    waiters = [started(cache.get("k", reads)) for _ in range(2)]
    reads.waiting[0].errback(RuntimeError("down"))
    for waiter in waiters:
        failure_of(waiter, RuntimeError)
    assert cache.peek("k") is ABSENT
    started(cache.get("k", reads))
    assert reads.count == 2
    assert cache.statistics.load_errors == 1


def test_a_loader_that_fails_at_once_is_an_error_like_any_other() -> None:
    """Nothing stays behind that would make later requests wait for ever."""

    def broken() -> Any:
        raise RuntimeError("no connection")

    cache = EntityCache(Clock())
    failure_of(cache.get("k", broken), RuntimeError)
    assert success_of(cache.get("k", returning("v"))) == "v"


def test_ttl_and_neg_ttl_bound_hits_and_misses() -> None:
    """db_cache_ttl for hits, db_cache_neg_ttl for misses."""
    clock = Clock()
    cache = EntityCache(clock, ttl=10, neg_ttl=3)
    success_of(cache.get("hit", returning("v")))
    success_of(cache.get("miss", returning(None)))
    clock.advance(2.9)
    assert cache.peek("miss") is MISS
    clock.advance(0.1)
    assert cache.peek("miss") is ABSENT
    clock.advance(6.9)
    assert cache.peek("hit") == "v"
    clock.advance(0.1)
    assert cache.peek("hit") is ABSENT


def test_neg_ttl_defaults_to_ttl() -> None:
    """As in Kong: without db_cache_neg_ttl a miss is kept as long as a hit."""
    clock = Clock()
    cache = EntityCache(clock, ttl=10)
    success_of(cache.get("miss", returning(None)))
    clock.advance(10)
    assert cache.peek("miss") is ABSENT


def test_a_call_may_have_its_own_ttl() -> None:
    """What one caller knows better than the settings; negative keeps nothing."""
    clock = Clock()
    cache = EntityCache(clock)
    success_of(cache.get("short", returning("v"), ttl=1))
    success_of(cache.get("never", returning("v"), ttl=-1))
    success_of(cache.get("miss", returning(None), neg_ttl=1))
    assert cache.peek("never") is ABSENT
    clock.advance(1)
    assert cache.peek("short") is ABSENT
    assert cache.peek("miss") is ABSENT


def test_a_credential_is_not_served_beyond_its_own_ttl() -> None:
    """The entity's remaining lifetime bounds its entry, also while the database is away."""
    clock = Clock()
    cache = EntityCache(clock, ttl=100)
    assert success_of(cache.get("k", returning(Expiring("v", 5)))) == "v"
    clock.advance(4.9)
    assert cache.peek("k") == "v"
    clock.advance(0.1)
    failure_of(cache.get("k", returning(RuntimeError("down"))), RuntimeError)


def test_an_entity_read_with_a_ttl_bounds_itself() -> None:
    """No loader can forget it: an expiring row leaves no trace in the log, so nobody would purge it."""
    clock = Clock()
    cache = EntityCache(clock)
    success_of(cache.get("k", returning({"id": "1", "ttl": 5})))
    success_of(cache.get("ever", returning({"id": "1", "ttl": None})))
    assert success_of(cache.get("last", returning({"id": "1", "ttl": 0}))) == {"id": "1", "ttl": 0}
    assert cache.peek("last") is ABSENT
    clock.advance(5)
    assert cache.peek("k") is ABSENT
    assert cache.peek("ever") == {"id": "1", "ttl": None}


def test_a_credential_that_has_ended_is_a_miss() -> None:
    """What ended while it was read is answered as not there."""
    cache = EntityCache(Clock())
    assert success_of(cache.get("k", returning(Expiring("v", 0)))) is None
    assert cache.peek("k") is MISS


@pytest.mark.parametrize("value", ["v", None])
def test_an_expired_value_is_resurrected_while_the_read_fails(value: Any) -> None:
    """db_resurrect_ttl: with the database away, hits and misses go on being served for that long."""
    clock = Clock()
    cache = EntityCache(clock, ttl=10, resurrect_ttl=30)
    success_of(cache.get("k", returning(value)))
    clock.advance(10)
    reads = Reads()
    waiter = started(cache.get("k", reads))
    reads.waiting[0].errback(RuntimeError("down"))
    assert success_of(waiter) == value
    clock.advance(29)
    assert success_of(cache.get("k", reads)) == value
    assert reads.count == 1
    clock.advance(1)
    assert success_of(cache.get("k", returning("new"))) == "new"
    assert cache.statistics.resurrections == 1


def test_a_purged_value_is_not_resurrected() -> None:
    """A change during the failing read means that the old value is wrong, not merely old."""
    clock = Clock()
    cache, reads = EntityCache(clock, ttl=10), Reads()
    success_of(cache.get("k", returning("v")))
    clock.advance(10)
    waiter = started(cache.get("k", reads))
    cache.invalidate("k")
    reads.waiting[0].errback(RuntimeError("down"))
    failure_of(waiter, RuntimeError)


def test_a_softly_purged_value_is_served_while_it_is_read_again() -> None:
    """DELETE /cache makes no request wait: the old value answers until the new one is in."""
    cache, reads = filled(Clock(), k="old"), Reads()
    cache.soft_purge()
    assert cache.peek("k") is ABSENT
    assert success_of(cache.get("k", reads)) == "old"
    assert success_of(cache.get("k", reads)) == "old"
    assert reads.count == 1
    reads.waiting[0].callback("new")
    assert cache.peek("k") == "new"


def test_refilling_never_runs_more_reads_than_allowed() -> None:
    """No dog-pile on the database after DELETE /cache, however many keys are in use."""
    clock, reads = Clock(), Reads()
    cache = EntityCache(clock, reads=2)
    for number in range(10):
        success_of(cache.get(f"k{number}", returning("old")))
    cache.soft_purge()
    for number in range(10):
        assert success_of(cache.get(f"k{number}", reads)) == "old"
    assert reads.count == 2
    assert cache.statistics.refill_queue == 8
    for number in range(10):
        reads.waiting[number].callback("new")
        assert reads.count == min(10, number + 3)
    assert [cache.peek(f"k{number}") for number in range(10)] == ["new"] * 10


def test_a_failing_refill_keeps_the_value_for_a_while() -> None:
    """With the database away a softly purged value is served as an expired one would be."""
    clock = Clock()
    cache = filled(clock, k="old")
    cache.soft_purge()
    assert success_of(cache.get("k", returning(RuntimeError("down")))) == "old"
    assert cache.peek("k") == "old"
    clock.advance(30)
    assert cache.peek("k") is ABSENT


def test_a_key_purged_while_it_waits_for_its_refill_is_not_read_for_it() -> None:
    """Nothing is served after an invalidation, and no read is wasted on it."""
    clock, reads = Clock(), Reads()
    cache = EntityCache(clock, reads=1)
    for key in "ab":
        success_of(cache.get(key, returning("old")))
    cache.soft_purge()
    for key in "ab":
        started(cache.get(key, reads))
    cache.invalidate("b")
    reads.waiting[0].callback("new")
    assert reads.count == 1
    no_result(started(cache.get("b", reads)))


def test_a_purge_forgets_everything() -> None:
    """Doubt means stale: nothing cached before is served after."""
    cache = filled(Clock(), hit="v", miss=None)
    cache.purge()
    assert cache.peek("hit") is ABSENT
    assert cache.peek("miss") is ABSENT


def test_a_probe_neither_reads_nor_counts() -> None:
    """GET /cache/{key} looks without touching."""
    clock = Clock()
    cache = filled(clock, hit={"id": "1"}, miss=None)
    clock.advance(2)
    hit, miss = cache.probe("hit"), cache.probe("miss")
    assert hit is not None
    assert miss is not None
    assert (hit.state, hit.value, hit.age, hit.ttl) == ("hit", {"id": "1"}, 2, None)
    assert (miss.state, miss.value) == ("miss", None)
    assert cache.probe("unknown") is None
    assert cache.statistics.hits == 0


def test_the_listing_filters_by_entity_and_id() -> None:
    """GET /cache?entity=…&id=…: by the key's kind, by a part of the key, by the value's id."""
    keys = {
        "services:1:::::ws": {"id": "1"},
        "services:2:::::ws": None,
        "consumers:1:::::ws": {"id": "1"},
        "consumers:bob:::::ws": {"id": "1"},
    }
    cache = filled(Clock(), **keys)

    def listed(*wanted: Any) -> list[str]:
        return [entry.key for entry in success_of(cache.listed(Wanted(*wanted)))]

    hits = ["services:1:::::ws", "consumers:1:::::ws", "consumers:bob:::::ws"]
    assert listed(0, 10) == [*hits, "services:2:::::ws"]
    assert listed(1, 2) == hits[1:]
    assert listed(0, 10, "services") == ["services:1:::::ws", "services:2:::::ws"]
    assert listed(0, 10, "consumers", "1") == ["consumers:1:::::ws", "consumers:bob:::::ws"]
    assert listed(1, 10, "consumers", "1") == ["consumers:bob:::::ws"]
    assert listed(0, 10, None, "2") == ["services:2:::::ws"]


def test_a_used_value_outlives_an_unused_one() -> None:
    """Least recently used leaves first, and a peek is a use."""
    cache = EntityCache(Clock(), max_entries=2, max_misses=2)
    for key in ("a", "b", "a", "c"):
        success_of(cache.get(key, returning("v")))
    assert [cache.peek(key) for key in "abc"] == ["v", ABSENT, "v"]
    for key in ("x", "y", "x", "z"):
        success_of(cache.get(key, returning(None)))
    assert [cache.peek(key) for key in "xyz"] == [MISS, ABSENT, MISS]


def test_the_counters_tell_what_happened() -> None:
    """Metrics are taken from these."""
    cache = filled(Clock(), a="v", b=None)
    for key in ("a", "b", "c"):
        cache.peek(key)
    seen = cache.statistics
    assert (seen.hits, seen.misses, seen.absents, seen.loads) == (1, 1, 3, 2)
    assert (seen.entries, seen.miss_entries, seen.reading) == (1, 1, 0)
    assert seen.bytes > 0


def test_an_answer_given_at_once_needs_no_reactor() -> None:
    """A loader that does not wait (a store in memory) is answered in the same step."""
    assert outcome(EntityCache(Clock()).get("k", returning("v"))) == ["v"]


def test_a_page_of_rows_is_kept_under_its_keys() -> None:
    """What was read without anybody asking for it is served like any other value, and expires like one."""
    clock = Clock()
    cache = EntityCache(clock, ttl=5)
    lease = cache.gather()
    assert cache.fill(lease, [("a", {"id": "1"}), ("b", {"id": "2", "ttl": 3})]) == 2
    assert cache.peek("a") == {"id": "1"}
    clock.advance(3)
    assert cache.peek("b") is ABSENT
    clock.advance(2)
    assert cache.peek("a") is ABSENT


@pytest.mark.parametrize("purge", ["key", "all", "soft"])
def test_a_row_read_before_a_change_is_not_kept_after_it(purge: str) -> None:
    """The lease of a page is void for what was purged while it was read."""
    cache = EntityCache(Clock())
    lease = cache.gather()
    {"key": lambda: cache.invalidate("a"), "all": cache.purge, "soft": cache.soft_purge}[purge]()
    kept = cache.fill(lease, [("a", "old"), ("b", "old")])
    assert cache.peek("a") is ABSENT
    assert kept == (1 if purge == "key" else 0)


def test_a_page_replaces_nothing_that_is_known() -> None:
    """A value that a request has read meanwhile may be newer than the page."""
    cache = EntityCache(Clock())
    lease = cache.gather()
    success_of(cache.get("a", returning("new")))
    success_of(cache.get("b", returning(None)))
    assert cache.fill(lease, [("a", "old"), ("b", "old")]) == 0
    assert cache.peek("a") == "new"
    assert cache.peek("b") is MISS


def test_a_page_keeps_nothing_that_is_being_read_by_itself() -> None:
    """That read may be the older one: who was served of the page would then be served what was before."""
    cache, reads = EntityCache(Clock()), Reads()
    started(cache.get("a", reads))
    lease = cache.gather()
    assert cache.fill(lease, [("a", "new")]) == 0
    assert cache.peek("a") is ABSENT


def test_a_database_that_is_away_is_told_once_and_without_credentials() -> None:
    """A key holds what a client has sent to be let in, and every request would tell the same."""
    cache = EntityCache(Clock())
    with caught_errors() as told:
        for secret in ("s3cret", "passw0rd"):
            loader = returning(DatabaseUnavailable("gone"))
            failure_of(cache.get(f"keyauth_credentials:{secret}:::::w", loader), DatabaseUnavailable)
    assert told == ["could not read an entity of keyauth_credentials: gone"]


def test_only_so_many_reads_at_a_time() -> None:
    """However many keys are asked for at once, the database is asked for a few, and for each in its turn."""
    cache, reads = EntityCache(Clock(), reads=2), Reads()
    answers = [started(cache.get(key, reads)) for key in "abcd"]
    assert (reads.count, cache.statistics.waiting) == (2, 2)
    reads.waiting[0].callback("A")
    assert reads.count == 3
    for number in (1, 2, 3):
        reads.waiting[number].callback("BCD"[number - 1])
    assert [success_of(answer) for answer in answers] == ["A", "B", "C", "D"]
    assert cache.statistics.reading == 0


def test_a_read_that_waits_is_shared_and_not_outdated_by_a_purge() -> None:
    """Who asks for a key that waits for its place joins; it is read after the purge, and so may be kept."""
    cache, reads = EntityCache(Clock(), reads=1), Reads()
    first = started(cache.get("a", reads))
    second, third = started(cache.get("b", reads)), started(cache.get("b", reads))
    cache.purge()
    cache.invalidate("b")
    reads.waiting[0].callback("A")
    reads.waiting[1].callback("B")
    assert [success_of(each) for each in (first, second, third)] == ["A", "B", "B"]
    assert reads.count == 2
    assert (cache.peek("a"), cache.peek("b")) == (ABSENT, "B")


def test_what_nobody_waits_for_any_more_is_not_read() -> None:
    """Clients that went away before their read began cost the database nothing."""
    cache, reads = EntityCache(Clock(), reads=1), Reads()
    first, second = started(cache.get("a", reads)), started(cache.get("b", reads))
    second.addErrback(lambda failure: failure.trap(CancelledError))
    second.cancel()
    reads.waiting[0].callback("A")
    assert success_of(first) == "A"
    assert (reads.count, cache.statistics.waiting) == (1, 0)


def test_a_read_whose_turn_does_not_come_fails_or_is_resurrected() -> None:
    """After ten seconds in the queue a request is told that the database is slow, or gets the old value."""
    clock = Clock()
    cache, reads = EntityCache(clock, reads=1, ttl=5), Reads()
    success_of(cache.get("old", returning("v")))
    clock.advance(6)
    for key in ("a", "b"):
        started(cache.get(key, reads))
    old, new = started(cache.get("old", reads)), started(cache.get("new", reads))
    clock.advance(9)
    reads.waiting[0].callback("A")
    with caught_errors():
        clock.advance(1)
        failure_of(new, DatabaseUnavailable)
    assert success_of(old) == "v"
    reads.waiting[1].callback("B")
