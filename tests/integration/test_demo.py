"""``scripts/demo``: what a newcomer sees first."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.kit.demo import PROGRAM, SECONDS, running_demo

pytestmark = pytest.mark.integration

FREE_PORTS = ("--proxy-port", "0", "--admin-port", "0")


def ask(url: str) -> bytes:
    """What is there, past the proxy of the environment."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=SECONDS) as answer:
        return bytes(answer.read())


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The demo, run to its end."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_check_makes_one_request() -> None:
    """``--check`` shows what the upstream answered through the gateway, and ends."""
    done = run("--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.match(r"GET http://127\.0\.0\.1:\d+/hello/you\n", done.stdout)
    assert '"hello": "from the upstream"' in done.stdout


def test_the_first_url_works_and_ctrl_c_leaves_nothing() -> None:
    """What is printed can be asked for; after an impatient Ctrl-C nothing listens and no file is left."""
    with running_demo(*FREE_PORTS) as (child, printed):
        url = re.search(r"http://127\.0\.0\.1:\d+/hello/you", printed)
        files = re.search(r"files +(\S+)", printed)
        assert url, printed
        assert files, printed
        assert b"from the upstream" in ask(url[0])
        assert Path(files[1]).is_dir()
        child.send_signal(signal.SIGINT)
        child.send_signal(signal.SIGINT)
        rest, _ = child.communicate(timeout=SECONDS)
    assert (child.returncode, rest.strip()) == (0, "stopped")
    assert not Path(files[1]).exists()
    with pytest.raises(OSError, match="refused"):
        ask(url[0])


def test_taken_ports_are_named() -> None:
    """One message names both ports that are in use, and what to do."""
    with socket.socket() as one, socket.socket() as other:
        for taken in (one, other):
            taken.bind(("127.0.0.1", 0))
            taken.listen()
        ports = [str(taken.getsockname()[1]) for taken in (one, other)]
        done = run("--proxy-port", ports[0], "--admin-port", ports[1])
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        *(f"Port {port} cannot be used: Address already in use." for port in ports),
        "Stop what listens there, or let free ports be found:",
        "  sh scripts/demo --proxy-port 0 --admin-port 0",
    ]
