"""Chains are compiled once, bounded, and dropped when a row changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.pdk import a_gateway
from twisted_kong.core.plan import PluginPlan
from twisted_kong.pdk.chains import Chains


class Auth:
    PRIORITY = 10
    VERSION = "1.0.0"

    def access(self, kong: Any, conf: Any) -> None:
        """Nothing."""


class Late(Auth):
    PRIORITY = 5

    def log(self, kong: Any, conf: Any) -> None:
        """Nothing."""


HANDLERS = {"auth": Auth(), "late": Late()}


def a_row(row_id: str, name: str, **bound: str) -> dict[str, Any]:
    references = {
        kind: {"id": bound[kind]} if kind in bound else None for kind in ("route", "service", "consumer")
    }
    return {"id": row_id, "name": name, "config": {"a": row_id}, "instance_name": "i", **references}


def some_chains(*rows: dict[str, Any]) -> tuple[PluginPlan, Chains]:
    plan = PluginPlan({"auth": 10, "late": 5})
    for row in rows:
        plan.put(row)
    chains = Chains(plan, HANDLERS, a_gateway())
    chains.refresh()
    return plan, chains


def test_steps_by_phase() -> None:
    """Each phase has the rows whose handler has the method, in the order of the plan."""
    _, chains = some_chains(a_row("2", "late"), a_row("1", "auth", route="r"))
    chain = chains.chain("r", "s", None)
    assert [step.row_id for step in chain.access] == ["1", "2"]
    assert [step.row_id for step in chain.log] == ["2"]
    assert (chain.has_access, chain.has_log, chain.has_response) == (True, True, False)
    assert [step.row_id for step in chains.globally.access] == ["2"]
    assert chains.chain("r", "s", None) is chain
    assert chain.has_work


def test_routes_with_the_same_rows_share_a_chain() -> None:
    """However many Routes there are, there are as many chains as there are sets of rows."""
    _, chains = some_chains(a_row("1", "auth", route="r"), a_row("2", "late"))
    assert chains.chain("a", "s", None) is chains.chain("b", None, None) is chains.globally
    assert chains.chain("r", "s", None) is not chains.globally


def test_conf() -> None:
    """A method gets its configuration with what the row is bound to."""
    _, chains = some_chains(a_row("1", "auth", route="r"))
    assert chains.chain("r", None, None).access[0].conf == {
        "a": "1",
        "route_id": "r",
        "service_id": None,
        "consumer_id": None,
        "plugin_instance_name": "i",
        "__plugin_id": "1",
        "__ws_id": None,
    }


def test_changes() -> None:
    """A changed row makes new chains; what other rows remembered stays."""
    plan, chains = some_chains(a_row("1", "auth"), a_row("2", "late"))
    before = chains.chain("r", "s", None)
    before.access[1].conf.memo = "kept"
    before.access[0].conf.memo = "dropped"
    plan.put(a_row("1", "auth"))
    chains.refresh()
    after = chains.chain("r", "s", None)
    assert after is not before
    assert [step.conf.memo for step in after.access] == [None, "kept"]
    plan.remove("1")
    plan.remove("2")
    chains.refresh()
    assert not chains._steps
    assert not chains.chain("r", "s", None).has_work


def test_consumers_without_rows_share_a_chain() -> None:
    """Only Consumers that a row is bound to have chains of their own."""
    _, chains = some_chains(a_row("1", "auth", consumer="c"), a_row("2", "late"))
    assert chains.chain("r", "s", "x") is chains.chain("r", "s", None)
    assert [step.row_id for step in chains.chain("r", "s", "c").access] == ["1", "2"]


def test_switching() -> None:
    """Up to the step that authenticated the old rows stay; behind it the new ones apply."""
    _, chains = some_chains(
        a_row("1", "auth"),
        a_row("1c", "auth", consumer="c"),
        a_row("2", "late"),
        a_row("2c", "late", consumer="c"),
    )
    chain = chains.chain("r", "s", None)
    target = chains.chain("r", "s", "c")
    switched = chains.switch(chain, chain.access[0], target)
    assert [step.row_id for step in switched.access] == ["1", "2c"]
    assert chains.switch(chain, chain.access[0], target) is switched


def test_chains_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many Routes there are, only so many chains are remembered, those in use among them."""
    monkeypatch.setattr("twisted_kong.pdk.chains._HALF", 10)
    _, chains = some_chains(a_row("1", "auth"))
    first = chains.chain("first", None, None)
    for number in range(100):
        chains.chain(f"r{number}", None, None)
        assert chains.chain("first", None, None) is first
    assert len(chains._young) + len(chains._old) <= 20
