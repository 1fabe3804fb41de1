"""How far an import is: about once a second in the log, at any time on demand."""

from __future__ import annotations

from tests.kit.logs import caught_infos, caught_warnings
from twisted_kong.admin.import_progress import ImportProgress


class Time:
    """Seconds that the test tells."""

    now = 1000.0

    def __call__(self) -> float:
        """Epoch seconds."""
        return self.now


def test_from_the_beginning_to_the_end() -> None:
    """What is told of it."""
    time = Time()
    progress = ImportProgress(time)
    assert progress.shown() == {"state": "idle"}
    progress.begin("sync", "alice")
    progress.tell("checking", 5, 10)
    time.now += 0.5
    assert progress.is_running
    begun = {"state": "running", "mode": "sync", "author": "alice", "started_at": 1000}
    assert progress.shown() == begun | {"phase": "checking", "done": 5, "total": 10, "elapsed": 0.5}
    progress.done({"create": 1, "update": 2, "delete": 3})
    assert not progress.is_running
    assert progress.shown()["changes"] == {"create": 1, "update": 2, "delete": 3}
    assert progress.shown()["finished_at"] == 1000


def test_one_that_failed() -> None:
    """It says why, until the next begins."""
    progress = ImportProgress(Time())
    progress.begin("upsert", None)
    progress.failed("it is wrong")
    assert (progress.shown()["state"], progress.shown()["error"]) == ("failed", "it is wrong")
    progress.begin("upsert", None)
    assert "error" not in progress.shown()


def test_one_of_which_nobody_knows() -> None:
    """The connection was lost at the commit: it is not said that nothing was imported."""
    progress = ImportProgress(Time())
    progress.begin("upsert", None)
    with caught_warnings() as lines:
        progress.unknown("no answer")
    assert (progress.shown()["state"], progress.shown()["error"]) == ("unknown", "no answer")
    assert not progress.is_running
    assert lines == ["a configuration may or may not have been imported, as a whole: no answer"]


def test_the_log_hears_of_it_now_and_then() -> None:
    """However often it is told."""
    time = Time()
    progress = ImportProgress(time)
    with caught_infos() as lines:
        progress.begin("sync", None)
        for done in range(25):
            time.now += 0.1
            progress.tell("writing", done, 25)
        time.now += 1
        progress.tell("writing", 0, 0)
        progress.done({"create": 25, "update": 0, "delete": 0})
    texts = [line for line in lines if "import" in line]
    assert texts[0].startswith("importing a configuration: writing ")
    assert len(texts) == 3
    assert texts[-1].endswith("25 created, 0 updated, 0 deleted")
