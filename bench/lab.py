"""One benchmark session: a temporary folder, two cores, the upstream, and all that was started."""

from __future__ import annotations

import datetime
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.nginx import nginx
from bench.process import Process, StartFailed, cores, free_port, run
from twisted_kong.node.certificates import make_self_signed

MEGABYTE = 1024 * 1024
HUGE_MEGABYTES = 100
GO_BUILD_SECONDS = 300.0
GO_SOURCE = Path(__file__).parent / "go" / "main.go"

UPSTREAM = """
server {{
    listen 127.0.0.1:{port} backlog=4096;
    default_type application/json;
    location / {{ return 200 '{{"hello":"world"}}\\n'; }}
    location = /large {{ alias {large}; }}
    location = /huge {{ alias {huge}; }}
    # A bare return would answer before the body is in; proxying to itself reads it first.
    location = /upload {{
        client_body_buffer_size 2m; proxy_pass http://127.0.0.1:{port}/;
        proxy_pass_request_body off; proxy_set_header Content-Length "";
    }}
}}
"""


class Lab:
    """Starts programs on the proxy's or on the load's core and ends every one of them when closed.

    ``upstream`` is the port of a server that answers ``{"hello":"world"}`` at once, 1 MB at ``/large``,
    100 MB at ``/huge``, and at ``/upload`` when it has read the whole body.
    """

    def __init__(self) -> None:
        self.proxy_core, self.load_core = cores()
        self._stack = ExitStack()
        self.work = Path(tempfile.mkdtemp(prefix="kong-bench-"))
        self._stack.callback(shutil.rmtree, self.work, ignore_errors=True)
        self._started = 0
        self._go: Path | None = None
        pair = make_self_signed("ecdsa", datetime.datetime.now(datetime.UTC))
        self.certificate, self.key = self.work / "bench.crt", self.work / "bench.key"
        self.certificate.write_bytes(pair.certificate)
        self.key.write_bytes(pair.key)
        self.large = self.work / "large"
        self.large.write_bytes(b"x" * MEGABYTE)
        self.huge = self.work / "huge"
        self.huge.touch()
        os.truncate(self.huge, HUGE_MEGABYTES * MEGABYTE)
        self.upstream = free_port()

    def __enter__(self) -> Self:
        try:
            self._start_upstream()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def folder(self, name: str) -> Path:
        """A new folder below the session's own."""
        self._started += 1
        made = self.work / f"{self._started:02d}-{name}"
        (made / "tmp").mkdir(parents=True)
        return made

    def start(
        self,
        argv: Sequence[str],
        folder: Path,
        *,
        core: int | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a program on the proxy's core (or ``core``) with its output in ``folder``."""
        where = self.proxy_core if core is None else core
        process = Process(argv, core=where, log=folder / "output", env=env, cwd=folder)
        self._stack.callback(process.stop)
        return process

    def go_program(self) -> Path:
        """The compiled ``bench/go/main.go``; built on first use.

        :raises StartFailed: there is no compiler, or it failed.
        """
        if self._go is None:
            if shutil.which("go") is None:
                raise StartFailed("go is not installed")
            built = self.work / "go-proxy"
            # No go.mod is needed for one file of the standard library, and no toolchain may be downloaded.
            command = ["go", "build", "-o", str(built), str(GO_SOURCE)]
            run(
                command,
                seconds=GO_BUILD_SECONDS,
                core=self.load_core,
                env={"GOTOOLCHAIN": "local", "GOFLAGS": ""},
            )
            self._go = built
        return self._go

    def _start_upstream(self) -> None:
        folder = self.folder("upstream")
        if shutil.which("nginx"):
            argv = nginx(folder, UPSTREAM.format(port=self.upstream, large=self.large, huge=self.huge))
        else:
            argv = [str(self.go_program()), "-listen", f"127.0.0.1:{self.upstream}", "-files", str(self.work)]
        self.start(argv, folder, core=self.load_core).wait_for_port(self.upstream)
