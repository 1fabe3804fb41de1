"""Which rows run for a request of a Consumer, and why others do not."""

from __future__ import annotations

from tests.unit.core.test_plan import a_row
from twisted_kong.core.plan import PluginPlan
from twisted_kong.core.plan_survey import Ids, choose, scope_of, why_not

PRIORITIES = {"early": 2000, "key-auth": 1000, "limit": 900, "own": 500}
EVERYTHING = Ids("r", "s", "c")


def planned(*rows: dict[str, object]) -> PluginPlan:
    plan = PluginPlan(PRIORITIES)
    for row in rows:
        plan.put(row)
    return plan


ROWS = [
    a_row("early", "early"),
    a_row("early-c", "early", bound="c"),
    a_row("auth", "key-auth"),
    a_row("limit", "limit"),
    a_row("limit-c", "limit", bound="c"),
]


def chosen(ids: Ids, told_by: str | None = None) -> tuple[list[str], str | None]:
    found = choose(planned(*ROWS), PRIORITIES, ids, told_by)
    return [row["id"] for row in found.rows], found.told_by


def test_who_asks_is_known_late() -> None:
    """Rows of the Consumer count only behind the plugin that tells who it is."""
    assert chosen(Ids("r", "s")) == (["early", "auth", "limit"], None)
    assert chosen(EVERYTHING) == (["early", "auth", "limit-c"], "key-auth")
    assert chosen(EVERYTHING, "early") == (["early", "auth", "limit-c"], "early")


def test_nobody_tells_who_asks() -> None:
    """Then the Consumer is taken to be known from the start."""
    assert chosen(EVERYTHING, "absent") == (["early-c", "auth", "limit-c"], None)


def test_why_rows_do_not_run() -> None:
    """Each reason by itself; what is bound to something else is no concern."""
    others = [
        a_row("off", "own", enabled=False),
        a_row("stream", "own", protocols=["tcp"]),
        a_row("unknown", "unknown"),
        a_row("elsewhere", "own", route={"id": "other"}),
        a_row("running", "own"),
    ]
    plan = planned(*ROWS, *others)
    found = choose(plan, PRIORITIES, EVERYTHING)
    told = {row["id"]: why_not(plan, row, EVERYTHING, found) for row in (*ROWS, *others)}
    assert {id: reason for id, reason in told.items() if reason is not None} == {
        "early-c": "too_early",
        "limit": "overridden",
        "off": "disabled",
        "stream": "protocol",
        "unknown": "not_loaded",
    }


def test_scopes() -> None:
    """What a row is bound to, by name."""
    assert scope_of(a_row("x")) == ["global"]
    assert scope_of(a_row("x", bound="rc")) == ["route", "consumer"]
