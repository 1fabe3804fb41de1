from __future__ import annotations

from dataclasses import replace

from twisted_kong.core.health.checks import Checks, Event, Limits, Probe
from twisted_kong.core.health.standing import Address
from twisted_kong.core.health.upstream import UpstreamHealth

LIMITS = Limits((2, 2, 1, 1), frozenset((200,)), frozenset((500,)))
CHECKS = Checks(LIMITS, LIMITS, Probe("tcp", 1, 1, "/", (), None, None, True, None), 0, 0, 0)
A, B, C = Address("a", "192.0.2.1", 80), Address("b", "192.0.2.2", 80), Address("b", "192.0.2.3", 80)
OFF = Address("off", "192.0.2.9", 80)


def health(threshold: float = 0) -> UpstreamHealth:
    """An Upstream with two Targets, of which b leads to two addresses; a has half of the weight."""
    upstream = UpstreamHealth(replace(CHECKS, threshold=threshold))
    upstream.have({("a", 80): {A: 20}, ("b", 80): {B: 10, C: 10}, ("off", 80): {OFF: 0}})
    return upstream


def test_addresses_without_weight_are_not_judged() -> None:
    """They get no requests."""
    assert health().addresses == (A, B, C)
    assert not health().report(OFF, Event.TCP_FAILURE, by_probe=True)


def test_an_address_goes_out_alone() -> None:
    """The others are served."""
    upstream = health()
    assert upstream.report(B, Event.TCP_FAILURE, by_probe=False)
    assert [upstream.available(each) for each in (A, B, C)] == [True, False, True]


def test_the_upstream_closes_when_too_little_weight_is_left() -> None:
    """With a threshold of 50 percent, half of the weight is too little, and more is enough."""
    upstream = health(threshold=50)
    upstream.report(B, Event.TIMEOUT, by_probe=True)
    assert not upstream.closed
    upstream.report(C, Event.TIMEOUT, by_probe=True)
    assert upstream.closed
    assert not upstream.available(A)
    upstream.set(("b", 80), "192.0.2.2", 80, True)
    assert upstream.available(A)


def test_all_out_is_closed() -> None:
    """Whatever the threshold."""
    upstream = health()
    for address in (A, B, C):
        upstream.report(address, Event.TCP_FAILURE, by_probe=False)
    assert upstream.closed


def test_what_stays_keeps_its_state() -> None:
    """Another Target, another weight, other checks: nobody who is out comes back by that."""
    upstream = health()
    upstream.report(B, Event.TCP_FAILURE, by_probe=False)
    upstream.have({("b", 80): {B: 5, C: 1}})
    upstream.configure(replace(CHECKS, threshold=1))
    assert not upstream.available(B)
    assert upstream.addresses == (B, C)


def test_what_goes_is_forgotten() -> None:
    """An address that is removed and made again begins as healthy."""
    upstream = health()
    upstream.report(A, Event.TCP_FAILURE, by_probe=False)
    upstream.have({("b", 80): {B: 10}})
    upstream.have({("a", 80): {A: 20}, ("b", 80): {B: 10}})
    assert upstream.available(A)


def test_nothing_is_counted_of_strangers() -> None:
    """A report about what is no Target's address any more changes nothing."""
    upstream = health()
    for stranger in (Address("a", "192.0.2.1", 81), Address("x", "192.0.2.1", 80)):
        assert not upstream.report(stranger, Event.TCP_FAILURE, by_probe=True)
    assert upstream.standings.unavailable == set()


def test_an_operator_sets_one_address_or_all_of_a_target() -> None:
    """Those for which it is new are told."""
    upstream = health()
    assert upstream.set(("b", 80), None, None, False) == (B, C)
    assert upstream.set(("b", 80), "192.0.2.2", 80, True) == (B,)
    assert upstream.set(("b", 80), "192.0.2.3", 81, True) == ()
    assert upstream.set(("b", 81), None, None, True) == ()
    assert upstream.set(("off", 80), None, None, False) == ()
    assert [upstream.available(each) for each in (A, B, C)] == [True, True, False]


def test_an_address_may_be_written_in_any_way() -> None:
    """Targets hold IPv6 addresses in full, names lead to short ones."""
    upstream = health()
    short = Address("six", "::1", 80)
    upstream.have({("six", 80): {short: 1}})
    full = "0000:0000:0000:0000:0000:0000:0000:0001"
    assert upstream.set(("six", 80), full, None, False) == (short,)


def test_a_target_is_all_that_its_name_leads_to() -> None:
    """By SRV records those are addresses with other names and ports, some perhaps of two Targets."""
    upstream = health()
    one, two = Address("n1", "192.0.2.1", 8001), Address("n2", "192.0.2.1", 8002)
    upstream.have({("srv", 80): {one: 5, two: 5}, ("other", 80): {two: 5}})
    assert upstream.of(("srv", 80), "192.0.2.1") == (one, two)
    assert upstream.set(("srv", 80), "192.0.2.1", 8002, False) == (two,)
    upstream.configure(replace(CHECKS, threshold=34))
    assert upstream.closed


def test_an_upstream_without_addresses_is_not_closed() -> None:
    """It is for the balancer to tell that there is nobody; names may not have been asked for yet."""
    upstream = UpstreamHealth(CHECKS)
    upstream.have({})
    assert not upstream.closed
