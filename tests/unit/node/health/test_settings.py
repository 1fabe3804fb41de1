from __future__ import annotations

from collections.abc import Sequence

import pytest
from twisted.internet.defer import CancelledError, Deferred, succeed

from tests.kit.deferreds import no_result, success_of
from tests.kit.logs import caught_failures
from twisted_kong.core.changes import Change, Operation
from twisted_kong.db.positions import LogPosition
from twisted_kong.node.health.settings import Setting, SharedSettings, setting_of

ONE = Setting("u", ("a.test", 80), None, None, False)
TWO = Setting("u", ("::1", 80), "::1", 81, True)


def change(id: str, entity: str = "parameters", operation: Operation = "create") -> Change:
    return Change(LogPosition(1, "00c0ffee"), entity, operation, id, (), "origin", 0.0)


@pytest.mark.parametrize("setting", [ONE, TWO])
@pytest.mark.parametrize("operation", ["create", "update"])
def test_a_key_says_everything(setting: Setting, operation: Operation) -> None:
    """Also where a row that was left behind is written again."""
    assert setting_of(change(setting.key, operation=operation)) == setting


@pytest.mark.parametrize(
    "other",
    [
        change(ONE.key, operation="delete"),
        change(ONE.key, entity="services"),
        change("log_level"),
        change("target_health|u"),
    ],
)
def test_other_changes_set_nothing(other: Change) -> None:
    """Least of all that the row is taken away."""
    assert setting_of(other) is None


class Bench:
    """Follows, and notes what is set."""

    def __init__(self) -> None:
        self.used: list[Setting] = []
        self.waiting: list[Deferred[None]] = []
        self.slow = False
        self.shared = SharedSettings(self.settled, lambda *setting: self.used.append(Setting(*setting)))

    def settled(self, changes: Sequence[Change]) -> Deferred[None]:
        if not self.slow:
            return succeed(None)
        self.waiting.append(Deferred())
        return self.waiting[-1]


def test_what_is_set_is_used_once_the_targets_are_there() -> None:
    """They may have come in the same batch."""
    bench = Bench()
    bench.slow = True
    done = bench.shared.apply([change("x", "targets"), change(ONE.key), change(TWO.key)])
    no_result(done)
    assert bench.used == []
    bench.waiting[0].callback(None)
    success_of(done)
    assert bench.used == [ONE, TWO]


def test_the_last_word_counts() -> None:
    """However long it takes to take over what came before."""
    bench = Bench()
    bench.slow = True
    first = bench.shared.apply([change(ONE.key)])
    bench.slow = False
    second = bench.shared.apply([change(ONE._replace(healthy=True).key)])
    bench.waiting[0].callback(None)
    success_of(first)
    success_of(second)
    assert [each.healthy for each in bench.used] == [False, True]


def test_nothing_is_done_for_other_changes_and_in_doubt() -> None:
    """What was set before may be over."""
    bench = Bench()
    bench.slow = True
    success_of(bench.shared.apply([change("x", "targets")]))
    success_of(bench.shared.doubt())
    assert (bench.used, bench.waiting) == ([], [])


@pytest.mark.parametrize(("error", "logged"), [(ValueError("odd"), ["odd"]), (CancelledError(), [])])
def test_what_cannot_be_used_holds_up_nothing(error: Exception, logged: list[str]) -> None:
    """It is logged, unless the node is about to stop."""
    bench = Bench()
    bench.slow = True
    done = bench.shared.apply([change(ONE.key)])
    with caught_failures() as failures:
        bench.waiting[0].errback(error)
    success_of(done)
    assert failures == logged
