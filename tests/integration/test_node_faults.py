"""What a node makes of a sudden death, of files that cannot be used and of full disks; real processes."""

from __future__ import annotations

import http.client
import json
import os
import resource
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kit.site import UNPRIVILEGED, Site, new_site
from tests.kit.waiting import PATIENCE, wait_for
from twisted_kong.db.strategies.sqlite.layout import SqliteLayout

pytestmark = pytest.mark.integration

WRITERS = 6
WRITES_BEFORE_KILL = 60


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with new_site(tmp_path) as site:
        yield site


class Writer(threading.Thread):
    """Makes Services over one connection until it breaks; notes what was acknowledged."""

    def __init__(self, port: int, number: int) -> None:
        super().__init__(daemon=True)
        self._port, self._number = port, number
        self.acknowledged: list[str] = []
        self.refused: list[int] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            for count in range(10_000):
                name = f"w{self._number}-{count}"
                body = json.dumps({"name": name, "host": "x"})
                connection.request("POST", "/services", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 201:
                    self.refused.append(answer.status)
                    return
                self.acknowledged.append(name)
        except (OSError, http.client.HTTPException):
            return
        finally:
            connection.close()


def names(site: Site) -> set[str]:
    """The names of all Services."""
    found: set[str] = set()
    path = "/services?size=1000"
    while path:
        page = site.admin("GET", path).json
        found.update(each["name"] for each in page["data"])
        path = page["next"]
    return found


@pytest.mark.each_database
def test_a_kill_loses_no_acknowledged_write(site: Site) -> None:
    """kill -9 in the midst of concurrent writes, twice: whatever was answered 201 is there afterwards."""
    acknowledged: set[str] = set()
    for round_ in range(2):
        node = site.serve()
        writers = [Writer(site.admin_port, round_ * WRITERS + number) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        wait_for(lambda w=writers: sum(len(each.acknowledged) for each in w) >= WRITES_BEFORE_KILL)
        node.kill()
        node.wait(PATIENCE)
        for writer in writers:
            writer.join(PATIENCE)
            assert writer.refused == []
            acknowledged.update(writer.acknowledged)
    site.serve()
    stored = names(site)
    assert acknowledged <= stored
    # A write whose answer was cut off may be there; nothing else.
    assert len(stored - acknowledged) <= 2 * WRITERS


def initialised(site: Site) -> Path:
    """A database file that a node has used."""
    site.database.parent.mkdir(parents=True, exist_ok=True)
    made = site.kong("migrations", "bootstrap", "-c", str(site.conf))
    assert made.returncode == 0, made.stderr
    return site.database


def damaged(site: Site) -> str:
    path = initialised(site)
    content = bytearray(path.read_bytes())
    content[4096 : 4096 * 3] = b"\xa5" * (4096 * 2)
    path.write_bytes(content)
    return f"the database file {path} is damaged"


def no_database(site: Site) -> str:
    site.database.parent.mkdir(parents=True)
    site.database.write_text("this is no database, but it is long enough to be looked at\n" * 50)
    return f"the database file {site.database} is not a database"


def a_directory(site: Site) -> str:
    site.database.mkdir(parents=True)
    return f"the database file {site.database} cannot be opened for writing: Is a directory"


def no_directory(site: Site) -> str:
    path = site.directory / "none" / "kong.db"
    site.configure(f"sqlite_path = {path}\n")
    return f"the database file {path} cannot be made: there is no directory {path.parent}"


def assert_one_line(failed: subprocess.CompletedProcess[str], reason: str) -> None:
    """The line on standard error, a code that is not 0, no traceback anywhere."""
    assert failed.returncode == 1
    lines = [line for line in failed.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, failed.stderr
    assert reason in lines[0]
    assert "Traceback" not in failed.stderr + failed.stdout


@pytest.mark.sqlite
@pytest.mark.parametrize("spoil", [damaged, no_database, a_directory, no_directory])
def test_a_file_that_cannot_be_used_is_one_line(site: Site, spoil: Callable[[Site], str]) -> None:
    """Both commands name the file and what is wrong with it, and leave it as it is."""
    reason = spoil(site)
    before = site.database.read_bytes() if site.database.is_file() else None
    assert_one_line(site.twistd("-c", str(site.conf)), reason)
    assert_one_line(site.kong("start", "-c", str(site.conf)), reason)
    assert site.pid() is None
    if before is not None:
        assert site.database.read_bytes() == before


@pytest.mark.sqlite
@pytest.mark.parametrize("locked", ["file", "directory"])
def test_a_file_that_may_not_be_written_is_one_line(site: Site, locked: str) -> None:
    """Told at the start, not at the first write; SQLite needs its directory too."""
    folder = site.directory / "data"
    folder.mkdir()
    path = folder / "kong.db"
    site.configure(f"sqlite_path = {path}\n")
    initialised(site)
    (path if locked == "file" else folder).chmod(0o444 if locked == "file" else 0o555)
    failed = site.twistd("-c", str(site.conf), program=UNPRIVILEGED)
    folder.chmod(0o755)
    assert_one_line(failed, f"the database file {path} ")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB."""
    path = tmp_path / "disk"
    path.mkdir()
    mount = shutil.which("mount")
    if os.getuid() != 0 or mount is None:
        pytest.skip("only root can mount a small disk")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"cannot mount a small disk here: {made.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def fill(path: Path, *, leave: int = 0) -> Path:
    """Fill the disk up, but for some bytes; the file that does it."""
    filler = path / "filler"
    free = os.statvfs(path)
    with filler.open("wb") as file:
        file.write(b"\0" * (free.f_bavail * free.f_frsize - leave))
    return filler


@pytest.mark.sqlite
@pytest.mark.parametrize("leave", [0, 4096, 16384])
def test_a_full_disk_at_the_start_is_one_line(site: Site, small_disk: Path, leave: int) -> None:
    """No file can be made, or not all that are needed, and the line says so."""
    path = small_disk / "kong.db"
    site.configure(f"sqlite_path = {path}\n")
    fill(small_disk, leave=leave)
    assert_one_line(
        site.twistd("-c", str(site.conf)), f"the database file {path} cannot grow: the disk is full"
    )


@pytest.mark.sqlite
def test_a_full_disk_for_the_prefix_is_one_line(site: Site, small_disk: Path) -> None:
    """Where not even the node's id can be kept."""
    prefix = small_disk / "node"
    site.configure(f"prefix = {prefix}\n")
    fill(small_disk)
    assert_one_line(site.twistd("-c", str(site.conf)), f"cannot prepare the prefix {prefix}")


def serves(site: Site) -> None:
    """Reading and proxying go on."""
    assert site.admin("GET", "/services").status == 200
    assert site.proxy("/here").json == {"message": "here"}
    assert site.proxy("/nowhere").status == 404


def with_a_route(site: Site) -> None:
    """A Route that the node itself answers."""
    assert site.admin("POST", "/routes", {"name": "r", "paths": ["/here"]}).status == 201
    config = {"status_code": 200, "message": "here"}
    made = site.admin("POST", "/routes/r/plugins", {"name": "request-termination", "config": config})
    assert made.status == 201, made.body


def write_until_refused(site: Site) -> tuple[int, int]:
    """Make Services until one is refused: how many there are, and the status of the refusal."""
    for number in range(3000):
        made = site.admin("POST", "/services", {"name": f"s{number}", "host": "x", "tags": ["t" * 500]})
        if made.status != 201:
            assert set(made.json) >= {"message"}
            return number, made.status
    raise AssertionError("nothing was refused")


@pytest.mark.sqlite
def test_a_disk_that_becomes_full_refuses_writes_and_serves_on(site: Site, small_disk: Path) -> None:
    """503 for writes, and nothing half written; with room again writing goes on, and nothing was lost."""
    site.configure(f"sqlite_path = {small_disk / 'kong.db'}\n")
    node = site.serve()
    with_a_route(site)
    filler = fill(small_disk, leave=60_000)
    number, status = write_until_refused(site)
    assert status == 503
    serves(site)
    assert site.admin("GET", f"/services/s{number}").status == 404
    filler.unlink()
    assert site.admin("POST", "/services", {"name": "later", "host": "x"}).status == 201
    node.kill()
    node.wait(PATIENCE)
    site.serve()
    assert names(site) == {*(f"s{each}" for each in range(number)), "later"}


@pytest.mark.sqlite
def test_a_system_that_refuses_to_write_is_the_same(site: Site) -> None:
    """A limit of the system instead of a full disk, which needs no root: 503, and served on."""
    node = site.serve()
    with_a_route(site)
    limits = resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    number, status = write_until_refused(site)
    assert status == 503
    serves(site)
    resource.prlimit(node.pid, resource.RLIMIT_FSIZE, limits)
    assert site.admin("POST", "/services", {"name": "later", "host": "x"}).status == 201
    assert names(site) == {*(f"s{each}" for each in range(number)), "later"}


@pytest.mark.sqlite
def test_tables_that_go_away_are_told_and_served_without(site: Site) -> None:
    """As after a reset from another prefix: a write is refused with the reason, and there is no traceback."""
    site.configure("db_update_frequency = 0.1\n")
    node = site.serve()
    with_a_route(site)
    before = len(site.console)
    SqliteLayout(site.database).reset()
    refused = site.admin("POST", "/services", {"name": "x", "host": "x"})
    assert refused.status == 503
    assert "has lost its tables" in refused.json["message"]
    assert site.admin("GET", "/services").status == 503
    assert site.proxy("/here").json == {"message": "here"}
    node.terminate()
    node.wait(PATIENCE)
    assert "Traceback" not in site.console[before:]


@pytest.mark.sqlite
def test_a_file_that_goes_away_is_told_once_and_served_without(site: Site) -> None:
    """However often it is tried, the log has one line for each part that needs it, and no traceback."""
    site.configure("db_update_frequency = 0.1\n")
    node = site.serve()
    with_a_route(site)
    before = len(site.console)
    for each in site.database.parent.glob("kong.sqlite*"):
        each.rename(f"{each}.gone")
    told = "could not read the log of changes"
    wait_for(lambda: told in site.console)
    assert site.admin("POST", "/services", {"name": "x", "host": "x"}).status == 503
    assert site.proxy("/here").json == {"message": "here"}
    node.terminate()
    node.wait(PATIENCE)
    lines = site.console[before:].splitlines()
    assert sum(told in line for line in lines) == 1
    assert all("Traceback" not in line for line in lines)
