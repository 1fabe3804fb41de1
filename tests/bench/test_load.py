"""What wrk prints is read rightly."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.load import LUA, Load, LoadResult, command, parse_output
from bench.process import StartFailed
from bench.scenarios import COMPARISONS

PRINTED = """Running 1s test @ http://127.0.0.1:1/
BENCH {"requests": 200, "seconds": 2.0, "bytes": 9, "p50": 900, "p99": 1800, "longest": 2500,\
 "failed": {"connect": 1, "read": 2, "write": 0, "timeout": 0, "status": 3}}
"""


def test_a_result_line_is_found_among_others() -> None:
    """Every kind of failure counts."""
    assert parse_output(PRINTED) == LoadResult(requests=200, seconds=2.0, p50=900, p99=1800, failed=6)


def test_no_result_is_an_error() -> None:
    """A run that printed nothing must not become a row of zeros."""
    with pytest.raises(StartFailed, match="unable to connect"):
        parse_output("unable to connect to 127.0.0.1:1 Connection refused")


def test_arguments_reach_the_script() -> None:
    """The script's own arguments stand after the double dash."""
    argv = command(Load("routes", ("10", "5", "0")), "http://127.0.0.1:1", Path("x.lua"), 0.4)
    assert argv[-5:] == ["http://127.0.0.1:1/", "--", "10", "5", "0"]
    assert argv[argv.index("-d") + 1] == "1s"


def test_every_scenario_has_its_script() -> None:
    """No scenario names a script that is not there."""
    assert [one.name for one in COMPARISONS if not (LUA / f"{one.load.script}.lua").exists()] == []
