"""What is written to the log and read from it; what the server makes of it is for the contract of stores."""

from __future__ import annotations

import json

from twisted_kong.core.changes import Change
from twisted_kong.db.interfaces import Commit
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.postgres import log
from twisted_kong.db.transaction import Draft

COMMIT = Commit((), "me", 5.0, "alice")
DRAFTS = (
    Draft("plugins", "delete", "1", ("plugins:1",)),
    Draft("services", "delete", "2", ("services:2", "x")),
)
TAGS = ("aaaaaaaa", "bbbbbbbb")


def change(number: int, tag: str, draft: Draft) -> Change:
    """A draft as what it has become."""
    position = LogPosition(number, tag)
    return Change(position, draft.table, draft.operation, draft.key, draft.cache_keys, "me", 5.0, "alice")


def row(number: int, tag: str = "cccccccc") -> tuple[object, ...]:
    """A row of the log."""
    return (number, tag, "services", "delete", "2", '["services:2","x"]', "me", 5.0, "alice")


def test_the_lock_comes_first() -> None:
    """Numbers are given under the lock, in a statement that takes its snapshot after it."""
    lock, append = log.append(DRAFTS, TAGS, COMMIT, "channel")
    assert "pg_advisory_xact_lock" in lock.text
    assert "max(number)" in append.text
    assert append.parameters == (
        *("me", 5.0, "alice"),
        (1, "aaaaaaaa", "plugins", "delete", "1", '["plugins:1"]'),
        (2, "bbbbbbbb", "services", "delete", "2", '["services:2","x"]'),
        "channel",
    )
    assert append.text.count("%s") == len(append.parameters)


def test_many_drafts_are_sent_ahead() -> None:
    """Portions are kept in the transaction; what is sent with the lock is short and holds none of them."""
    first, second = log.note(DRAFTS[:1], TAGS[:1], 1, 1), log.note(DRAFTS[1:], TAGS[1:], 2, 2)
    assert "true" in first.text
    assert [json.loads(each.parameters[1])[0]["place"] for each in (first, second)] == [1, 2]
    assert json.loads(second.parameters[1])[0]["keys"] == '["services:2","x"]'
    lock, append = log.noted(COMMIT, "channel", 2)
    assert "pg_advisory_xact_lock" in lock.text
    assert append.parameters == (2, "me", 5.0, "alice", "channel")
    assert append.text.count("%s") == len(append.parameters)


def test_a_portion_costs_the_same_however_many_came_before() -> None:
    """Each is a setting of its own: one that all were added to was copied whole for each, ever longer."""
    first, second = log.note(DRAFTS[:1], TAGS[:1], 1, 1), log.note(DRAFTS[1:], TAGS[1:], 2, 2)
    assert first.parameters[0] != second.parameters[0]
    assert "current_setting" not in second.text


def test_changes_have_consecutive_numbers() -> None:
    """From the number of the last of them follow those of all."""
    assert log.changes_of(DRAFTS, TAGS, COMMIT, 8) == (
        change(7, "aaaaaaaa", DRAFTS[0]),
        change(8, "bbbbbbbb", DRAFTS[1]),
    )


def test_of_no_drafts_there_is_no_number() -> None:
    """Where nothing was logged the session's memory of an earlier commit is not looked at."""
    assert "current_setting" in log.written(DRAFTS).text
    assert "current_setting" not in log.written(()).text


def test_reading_on() -> None:
    """A batch is what follows the row at a position, which is read again."""
    position = LogPosition(7, "cccccccc")
    assert log.changes_after(position, 10).parameters == (7, 12)
    batch = log.batch_after(position, [row(7), row(8, "bbbbbbbb")], 10)
    assert batch is not None
    assert batch.changes == (change(8, "bbbbbbbb", DRAFTS[1]),)
    assert log.batch_after(position, [row(7, "dddddddd")], 10) is None


def test_reading_from_the_beginning() -> None:
    """History begins with the oldest row there is, but for the one that records nothing."""
    rows = [(0, "eeeeeeee", "", "create", "", "[]", "", 0.0, None), row(1, "bbbbbbbb")]
    assert log.beginning_from(rows, 5).changes == (change(1, "bbbbbbbb", DRAFTS[1]),)


def test_forgetting() -> None:
    """One step looks at and removes so many rows at most."""
    statement = log.trim(100.0)
    assert statement.parameters == (log.TRIM_STEP, 100.0, log.TRIM_STEP)
    assert statement.text.count("%s") == len(statement.parameters)


def test_channels() -> None:
    """Each schema has a channel, whose name is never too long."""
    assert log.channel_of("public") == "kong_changes:public"
    long = {log.channel_of("s" * 60), log.channel_of("s" * 59 + "t")}
    assert len(long) == 2
    assert max(len(each) for each in long) <= 63
