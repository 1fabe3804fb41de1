"""The checker on histories made by hand: good ones pass, and each way to break a promise is found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.checker import Violation, violations
from tests.chaos.history import ABSENT, History, Outcome, Read, State, Trouble, Write

BOUND = 1.0


def history(*events: Write | Read, truth: str, **rest: object) -> History:
    """One register ``x``; ``truth`` has its effects in order, ``-`` before one that removes."""
    states = [State(word, ABSENT if word.startswith("-") else word) for word in truth.split()]
    writes = [event for event in events if isinstance(event, Write)]
    reads = [event for event in events if isinstance(event, Read)]
    parts: dict[str, object] = {"settled": (), "bound": BOUND, **rest}
    return History(writes, reads, truth={"x": states}, **parts)  # type: ignore[arg-type]


def write(effect: str, began: float, ended: float, outcome: Outcome = "done", node: str = "a") -> Write:
    return Write("x", effect, node, began, ended, outcome)


def read(shown: str, began: float, ended: float | None = None, node: str = "a") -> Read:
    return Read("x", node, began, began + 0.1 if ended is None else ended, shown)


def kinds(found: list[Violation]) -> list[str]:
    return [each.kind for each in found]


def test_a_quiet_history_is_good() -> None:
    """Written, acknowledged, served by both, and at rest."""
    good = history(
        write("1", 0, 1),
        read("1", 1.1),
        write("2", 2, 3),
        read("2", 3.1),
        read("2", 3.5, node="b"),
        truth="1 2",
        settled=[read("2", 9), read("2", 9, node="b")],
    )
    assert violations(good) == []


def test_another_node_may_be_behind_within_the_bound() -> None:
    """The old value until the bound after the acknowledgement, and not longer."""
    assert violations(history(write("2", 0, 1), read("1", 1.9, node="b"), truth="1 2")) == []
    assert kinds(violations(history(write("2", 0, 1), read("1", 2.1, node="b"), truth="1 2"))) == ["stale"]


def test_a_write_may_be_seen_before_its_answer() -> None:
    """Concurrent reads may go either way, in any order."""
    events = write("2", 0, 5), read("2", 1, 4, "b"), read("1", 2, 3, "b")
    assert violations(history(*events, truth="1 2")) == []


def test_a_node_that_goes_back_is_found() -> None:
    """An answer that began after a newer one had ended must not be older, whoever wrote."""
    events = read("2", 1), read("1", 2)
    assert kinds(violations(history(*events, truth="1 2"))) == ["backwards"]
    events = read("2", 1), read("1", 2, node="b")
    assert violations(history(*events, truth="1 2")) == []


def test_a_writer_reads_its_own_write() -> None:
    """The node that acknowledged a write serves it from then on."""
    assert kinds(violations(history(write("2", 0, 1), read("1", 1.1), truth="1 2"))) == ["own"]


def test_one_bad_answer_is_told_once() -> None:
    """What follows is measured against what was promised before it."""
    events = read("2", 1), read("1", 2), read("2", 3), read("2", 4)
    assert kinds(violations(history(*events, truth="1 2"))) == ["backwards"]


def test_states_that_look_alike_are_believed() -> None:
    """Absent, there, absent again: the second absence is no step back, a third appearance would be."""
    events = read(ABSENT, 1), read("1", 2), read(ABSENT, 3)
    assert violations(history(*events, truth="-0 1 -1")) == []
    assert kinds(violations(history(*events, read("1", 4), truth="-0 1 -1"))) == ["backwards"]


def test_an_early_place_is_no_excuse_for_what_was_acknowledged() -> None:
    """After the removal was acknowledged, the entity must not come back although it looked absent before."""
    events = read(ABSENT, 0), write("-1", 1, 2), read("1", 2.5)
    assert kinds(violations(history(*events, truth="-0 1 -1"))) == ["own"]


def test_lost_and_undone_and_repeated_writes_are_found() -> None:
    """Acknowledged and not there; refused and there; there twice. Unknown may go either way."""
    assert kinds(violations(history(write("2", 0, 1), truth="1"))) == ["lost"]
    assert kinds(violations(history(write("2", 0, 1, "refused"), truth="1 2"))) == ["undone"]
    assert kinds(violations(history(truth="1 2 2"))) == ["twice"]
    assert violations(history(write("2", 0, 1, "unknown"), truth="1")) == []
    assert violations(history(write("2", 0, 1, "unknown"), truth="1 2")) == []


def test_removals_of_one_entity_are_not_told_apart() -> None:
    """One that was refused is none of those that were not; all of them refused, and yet it is gone, is."""
    refused = write("-1", 0, 1, "refused")
    assert violations(history(refused, write("-1", 0, 1), truth="1 -1")) == []
    assert violations(history(refused, write("-1", 0, 1, "unknown"), truth="1 -1")) == []
    assert kinds(violations(history(refused, refused, truth="1 -1"))) == ["undone", "undone"]


def test_an_entity_may_hide_the_one_that_took_its_place() -> None:
    """Until the node hears that it was removed elsewhere; not if it removed it, and not with nothing."""
    states = [State("1", "1", "1"), State("-1", ABSENT, "1"), State("2", "2", "2")]

    def judged(*events: Write | Read) -> list[str]:
        parts = history(*events, truth="1")
        return kinds(violations(replace(parts, truth={"x": states})))

    assert judged(write("2", 1, 2), read("1", 2.5)) == []
    assert judged(write("-1", 0, 1), write("2", 1, 2), read("1", 2.5)) == ["own"]
    assert judged(write("2", 1, 2), read(ABSENT, 2.5)) == ["own"]
    assert judged(read("2", 1), read("1", 2)) == []
    assert judged(read(ABSENT, 1), read("1", 2)) == ["backwards"]
    assert judged(read("2", 1), read(ABSENT, 2)) == ["backwards"]


def test_what_never_was_is_found() -> None:
    """The value of a write that was refused, or was rolled back, or of a register nobody wrote."""
    assert kinds(violations(history(write("2", 0, 1, "refused"), read("2", 2), truth="1"))) == ["untrue"]
    stray = Read("y", "a", 0, 1, "1")
    assert kinds(violations(history(stray, truth="1"))) == ["untrue"]


def test_a_node_at_rest_shows_the_latest() -> None:
    """Also where everything before could be excused."""
    trouble = [Trouble(0, 100)]
    found = violations(history(truth="1 2", settled=[read("1", 9, node="b")], troubles=trouble))
    assert kinds(found) == ["unsettled"]


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        (Trouble(0, 4.0), []),
        (Trouble(0, 4.0, "b"), []),
        (Trouble(0, 4.0, "a"), ["stale"]),
        (Trouble(0, 3.9), ["stale"]),
        (Trouble(5.2, 6), ["stale"]),
    ],
)
def test_trouble_excuses_who_is_in_it(trouble: Trouble, expected: list[str]) -> None:
    """During it and for the bound after it, and never from going back or from forgetting one's own writes."""
    events = write("2", 0, 1), read("1", 5.0, node="b")
    assert kinds(violations(history(*events, truth="1 2", troubles=[trouble]))) == expected
    events = write("2", 0, 1), read("1", 1.1)
    assert kinds(violations(history(*events, truth="1 2", troubles=[Trouble(0, 9)]))) == ["own"]


def test_acknowledgements_out_of_order_demand_the_newest() -> None:
    """The later state may be acknowledged first; the earlier one's answer then allows nothing older."""
    events = write("3", 0, 1), write("2", 0, 2), read("2", 3.1, node="b")
    assert kinds(violations(history(*events, truth="1 2 3"))) == ["stale"]


def test_a_violation_tells_what_and_where() -> None:
    """One line for whoever has to find out why."""
    [found] = violations(history(write("2", 0, 1), read("1", 1.5), truth="1 2"))
    assert str(found) == (
        "own: a node served something older than a write that it had acknowledged: "
        "1 of x at a, 1.500 to 1.600, which is number 0 and not 1 or later"
    )
