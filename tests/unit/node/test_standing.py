"""Who lives, who lags, and whose greater number means something."""

from __future__ import annotations

from dataclasses import replace

from tests.kit.history import at
from twisted_kong.core.changes import Position
from twisted_kong.db.interfaces import Member
from twisted_kong.node.standing import DEAD_AFTER, Outcome, is_live, judge, unproven, with_this


def node(name: str, position: Position | None, age: float = 0.0) -> Member:
    """A node that has reported a position some seconds ago."""
    return Member(name, f"id-{name}", f"{name}.example", "1.0", 0.0, position, age)


def test_the_silent_are_dead() -> None:
    """A node lives until thirty seconds have passed since its report."""
    assert is_live(node("a", None, DEAD_AFTER - 0.01))
    assert not is_live(node("a", None, DEAD_AFTER))


def test_this_node_is_as_it_is_now() -> None:
    """What it has reported, however old, does not count beside what it knows of itself."""
    this = node("b", at(9))
    others = (node("a", at(1)), node("c", at(2)))
    assert with_this((others[0], replace(this, position=at(3), age=99.0), others[1]), this) == (
        others[0],
        this,
        others[1],
    )
    assert with_this(others, this) == (others[0], this, others[1])


def test_who_has_not_got_there_lags() -> None:
    """A living node lags whose position is smaller, or that has none; a dead one is not waited for."""
    nodes = (
        node("there", at(5)),
        node("behind", at(4)),
        node("new", None),
        node("dead", at(1), DEAD_AFTER),
    )
    outcome = judge(nodes, at(5), ())
    assert [each.instance for each in outcome.nodes] == ["there", "behind", "new"]
    assert [each.instance for each in outcome.laggards] == ["behind", "new"]
    assert not outcome.converged


def test_a_greater_number_must_be_proven() -> None:
    """A node that is further lags all the same while its position may be of a history that was lost."""
    nodes = (node("a", at(5)), node("b", at(7)), node("c", at(5, "00000000")))
    assert unproven(nodes, at(5)) == {at(7), at(5, "00000000")}
    assert [each.instance for each in judge(nodes, at(5), ()).laggards] == ["b", "c"]
    assert [each.instance for each in judge(nodes, at(5), {at(7)}).laggards] == ["c"]


def test_smaller_numbers_need_no_proof() -> None:
    """Who is behind is behind in any history."""
    assert unproven((node("a", at(4)), node("b", None)), at(5)) == set()


def test_what_could_not_be_found_out_is_no_convergence() -> None:
    """Without laggards, but with an error, nothing was shown."""
    assert Outcome((node("a", at(1)),)).converged
    assert not Outcome((node("a", at(1)),), error="the database is away").converged
