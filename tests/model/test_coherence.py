"""The protocol of coherence under random histories; and that none of its rules can be left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.kit.logs import caught_failures
from tests.model.node import Settings
from tests.model.rules import Rules
from tests.model.world import TICK, Scenario, World, find_violation

PLAIN = Scenario()
UNCUT = Scenario(cuts=False)
EXPIRING = Scenario(Settings(ttl=20))
DELAYED = Scenario(Settings(propagation=2))
FAILING_OVER = Scenario(failovers=True)
REPLICA = Scenario(lag=1.5)
TTL = 12.0
# Nobody polls, so nothing but the ttl bounds what is served; a read may see what was true when it began, and
# the clock goes on in ticks.
UNTOLD = Scenario(Settings(frequency=0, ttl=TTL), slowest=0.3, faults=False, bound=TTL + 0.3 + 2 * TICK)

ALL = Rules()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The faults of a history fill no log."""
    with caught_failures():
        yield


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(PLAIN, id="faults"),
        pytest.param(EXPIRING, id="db_cache_ttl"),
        pytest.param(DELAYED, id="db_update_propagation"),
        pytest.param(FAILING_OVER, id="failover"),
        pytest.param(REPLICA, id="replica"),
        pytest.param(replace(DELAYED, lag=1.5), id="replica and propagation"),
        pytest.param(UNTOLD, id="changes lost, ttl only"),
    ],
)
def test_with_every_rule_nothing_is_ever_stale(scenario: Scenario) -> None:
    """No node serves what is older than a change it has applied, and after a quiet poll nothing is stale."""
    assert find_violation(scenario, ALL, range(12)) is None


def test_propagation_makes_up_for_polling_the_primary() -> None:
    """Kong's way with a replica: the purge is put off for longer than the replica lags."""
    scenario = Scenario(Settings(propagation=4), lag=1.5)
    assert find_violation(scenario, replace(ALL, poll_where_read=False), range(12)) is None


@pytest.mark.parametrize(
    ("rule", "scenario"),
    [
        ("in_transaction", UNCUT),
        ("commit_order", UNCUT),
        ("leases", UNCUT),
        ("page_leases", UNCUT),
        ("doubt", PLAIN),
        ("poll_where_read", replace(REPLICA, cuts=False)),
        ("own_when_applied", UNCUT),
        ("doubt_after_failover", FAILING_OVER),
        ("read_again", UNCUT),
    ],
)
def test_without_any_one_rule_something_is_stale(rule: str, scenario: Scenario) -> None:
    """Each rule is needed: with it alone switched off, the model finds a history that goes wrong."""
    assert find_violation(scenario, replace(ALL, **{rule: False}), range(60)) is not None


def test_a_history_can_be_repeated() -> None:
    """A seed is all that is needed to see a violation again."""
    first, again = World(7, PLAIN, ALL), World(7, PLAIN, ALL)
    first.run()
    again.run()
    assert first.store.history == again.store.history
    assert [node.cache.statistics for node in first.nodes] == [node.cache.statistics for node in again.nodes]


def test_without_ttl_lost_changes_are_never_found_out() -> None:
    """The bound of the untold scenario comes from db_cache_ttl and from nothing else."""
    untold = replace(UNTOLD, settings=Settings(frequency=0))
    assert find_violation(untold, ALL, range(10)) is not None
