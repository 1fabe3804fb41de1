"""What the measurements of a cluster make of what they have seen."""

from __future__ import annotations

import pytest

from bench.cluster import NAMES, options, queries_in

LOG = """[twisted_kong] LOG:  statement: select proof.*
\tfrom changes where number >= 3
[] LOG:  statement: select 1
[twisted_kong] LOG:  statement: insert into members values (1)
[twisted_kong] LOG:  disconnection: from changes where number >=
[twisted_kong] LOG:  statement: select document from entities
"""


def test_statements_of_nodes_are_told_apart() -> None:
    """Over several lines, and without those of others."""
    assert queries_in(LOG) == {"poll": 1, "heartbeat": 1, "other": 1}


def test_everything_is_measured_by_default() -> None:
    """Two nodes and five."""
    assert (options([]).only, options([]).nodes) == (list(NAMES), [2, 5])


def test_an_unknown_measurement_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A typing error must not look like a measurement without results."""
    with pytest.raises(SystemExit):
        options(["--only", "idel"])
    assert "no such measurement: idel" in capsys.readouterr().err
