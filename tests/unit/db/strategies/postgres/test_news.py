"""When the log is worth a poll."""

from __future__ import annotations

from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.postgres.news import FIRST_PAUSE, LONGEST_PAUSE, PATIENCE, News


def at(number: int, tag: str = "a") -> LogPosition:
    """A row of the log."""
    return LogPosition(number, tag * 8)


def poll(news: News, number: int, now: float = 0.0, *, from_primary: bool = False) -> float | None:
    """A poll that finds the log to end there."""
    return news.polled(news.begin(), at(number), now, from_primary=from_primary)


def test_nothing_heard() -> None:
    """Of what nobody told of nothing is known."""
    assert not News().is_there


def test_heard_and_polled() -> None:
    """What was told of is news until a poll has got there."""
    news = News()
    news.hear(at(5), 0.0)
    assert news.is_there
    assert poll(news, 5) is None
    assert not news.is_there


def test_heard_late() -> None:
    """Word of what was polled already is no news."""
    news = News()
    poll(news, 5)
    news.hear(at(5), 0.0)
    news.hear(at(4), 0.0)
    assert not news.is_there


def test_a_replica_that_is_not_there_yet() -> None:
    """The log is polled again soon, and then after longer pauses, until the poll gets there."""
    news = News()
    news.hear(at(5), 0.0)
    pauses = [poll(news, 4) for _ in range(12)]
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE
    assert news.is_there
    assert poll(news, 6) is None
    news.hear(at(7), 0.0)
    assert poll(news, 6) == FIRST_PAUSE


def test_order_does_not_matter() -> None:
    """Of what was told of the highest counts."""
    news = News()
    news.hear(at(7), 0.0)
    news.hear(at(5), 0.0)
    assert poll(news, 6) is not None
    assert poll(news, 7) is None


def test_patience_ends() -> None:
    """A replica has its time from when it was first behind; then it is for the primary to tell."""
    news = News()
    assert not news.is_overdue(100.0)
    news.hear(at(5), 10.0)
    news.hear(at(6), 10.0 + PATIENCE / 2)
    assert not news.is_overdue(10.0 + PATIENCE - 0.01)
    assert news.is_overdue(10.0 + PATIENCE)


def test_a_replica_that_follows_has_its_time_for_each() -> None:
    """One that is always a little behind, since there is always something new, is never overdue."""
    news = News()
    for second in range(20):
        now = float(second)
        news.hear(at(second + 1), now)
        assert not news.is_overdue(now)
        poll(news, second, now)
    assert not news.is_overdue(20.0)
    assert news.is_overdue(19.0 + PATIENCE)


def test_what_the_primary_lacks_is_forgotten() -> None:
    """Word of a row that the primary's log does not hold came from nowhere."""
    news = News()
    news.hear(at(10**15), 0.0)
    assert poll(news, 5) is not None
    assert poll(news, 5, from_primary=True) is None
    assert not news.is_there


def test_what_is_told_of_during_a_poll_stays() -> None:
    """A poll of the primary says nothing about what was told of after it began."""
    news = News()
    mark = news.begin()
    news.hear(at(6), 0.0)
    assert news.polled(mark, at(5), 0.0, from_primary=True) is not None
    assert news.is_there


def test_gaps() -> None:
    """When something may have been missed one poll is due, begun after that."""
    news = News()
    news.may_have_missed()
    mark = news.begin()
    news.may_have_missed()
    assert news.polled(mark, at(5), 0.0, from_primary=False) is None
    assert news.is_there
    poll(news, 5)
    assert not news.is_there


def test_lost_history() -> None:
    """What was told of and polled before counts no more: the new history may be shorter."""
    news = News()
    poll(news, 8)
    news.hear(at(9), 0.0)
    news.forget()
    assert news.is_there
    assert poll(news, 3) is None
    assert not news.is_there
    news.hear(at(4, "b"), 0.0)
    assert news.is_there
