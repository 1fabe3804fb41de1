"""The command line of the benchmark."""

from __future__ import annotations

import pytest

from bench.__main__ import contestants, options, unmeasured
from bench.scenarios import NAMES


def test_all_scenarios_run_by_default() -> None:
    """Nothing has to be named."""
    assert options([]).only == list(NAMES)


def test_an_unknown_scenario_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A typing error must not look like a benchmark without results."""
    with pytest.raises(SystemExit):
        options(["--only", "plain,plian"])
    assert "no such scenario: plian" in capsys.readouterr().err


def test_servers_can_be_chosen() -> None:
    """Only those take part that were named and fit the scenario."""
    chosen = options(["--servers", "nginx,go"])
    assert [one.name for one in contestants(chosen, ("nginx", "haproxy", "twisted_kong"))] == ["nginx"]


def test_a_named_server_without_result_is_told() -> None:
    """So CI notices a node that did not even start."""
    chosen = options(["--servers", "nginx,twisted_kong"])
    assert unmeasured(chosen, [{"server": "nginx"}]) == ["twisted_kong"]
    assert unmeasured(options([]), []) == []
