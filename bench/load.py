"""Drives load with wrk and reads its result."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.process import StartFailed, run

LUA = Path(__file__).parent / "lua"
MARK = "BENCH "
# wrk waits for connections under way when its time is over; more than that is a hang.
GRACE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk shall do: a script of ``bench/lua`` with its arguments, over so many connections."""

    script: str = "plain"
    arguments: tuple[str, ...] = ()
    connections: int = 64
    path: str = "/"


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What wrk counted; times in microseconds. ``failed`` counts answers of 400 and more, too."""

    requests: int
    seconds: float
    p50: int
    p99: int
    failed: int


def parse_output(text: str) -> LoadResult:
    """Read the line that ``report.lua`` printed.

    :raises StartFailed: there is no such line: wrk was interrupted or could not connect.
    """
    for line in text.splitlines():
        if line.startswith(MARK):
            found = json.loads(line.removeprefix(MARK))
            failed = sum(found["failed"].values())
            return LoadResult(found["requests"], found["seconds"], found["p50"], found["p99"], failed)
    raise StartFailed(f"wrk printed no result: {text[-400:]}")


def drive(load: Load, origin: str, *, seconds: float, core: int, work: Path) -> LoadResult:
    """Run wrk against ``origin`` (``http://127.0.0.1:port``) for ``seconds`` from ``core``."""
    script = work / f"{load.script}.lua"
    if not script.exists():
        script.write_text((LUA / script.name).read_text() + (LUA / "report.lua").read_text())
    return parse_output(
        run(command(load, origin, script, seconds), seconds=seconds + GRACE_SECONDS, core=core)
    )


def command(load: Load, origin: str, script: Path, seconds: float) -> Sequence[str]:
    """The command line of wrk; its durations are whole seconds."""
    argv = ["wrk", "-t", "1", "-c", str(load.connections), "-d", f"{max(1, round(seconds))}s"]
    return [*argv, "-s", str(script), origin + load.path, "--", *load.arguments]
