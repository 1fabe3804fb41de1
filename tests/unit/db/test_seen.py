"""What a process believes after what it has believed before."""

from __future__ import annotations

from twisted_kong.db.positions import LogPosition
from twisted_kong.db.seen import Claim, Seen, Verdict


def at(number: int, history: str = "a") -> LogPosition:
    return LogPosition(number, history * 8)


def believing(*heads: LogPosition) -> Seen:
    """One that has had these answers, all under way at once."""
    seen = Seen()
    claim = seen.claim()
    for head in heads:
        assert seen.judge(claim, head, proven=True, primary=True) is Verdict.BELIEVE
    return seen


def claimed(seen: Seen) -> set[LogPosition]:
    return set(seen.claim().positions)


def test_who_has_seen_nothing_believes_anything() -> None:
    """The first answer proves all of nothing."""
    assert claimed(Seen()) == set()
    assert claimed(believing(at(4))) == {at(4)}


def test_a_proven_answer_takes_the_place_of_its_claim() -> None:
    """From then on its own end must be proven."""
    seen = believing(at(4))
    assert seen.judge(seen.claim(), at(6), proven=True, primary=False) is Verdict.BELIEVE
    assert claimed(seen) == {at(6)}
    assert not seen.doubtful


def test_a_replica_that_lags_sends_to_the_primary() -> None:
    """Nothing is forgotten, and nothing doubted."""
    seen = believing(at(4))
    assert seen.judge(seen.claim(), at(3), proven=False, primary=False) is Verdict.ASK_PRIMARY
    assert claimed(seen) == {at(4)}
    assert not seen.doubtful


def test_a_primary_that_lacks_what_was_seen_means_doubt() -> None:
    """Its answer is the truth now, whatever was seen before."""
    seen = believing(at(4))
    assert seen.judge(seen.claim(), at(9, "b"), proven=False, primary=True) is Verdict.BELIEVE
    assert claimed(seen) == {at(9, "b")}
    assert seen.doubtful
    seen.doubt_told()
    assert not seen.doubtful


def test_answers_under_way_at_once_prove_nothing_about_each_other() -> None:
    """The later position does not replace the other: they may be of two histories."""
    seen = believing(at(6, "a"), at(8, "b"))
    assert claimed(seen) == {at(6, "a"), at(8, "b")}


def test_one_answer_that_holds_all_replaces_all() -> None:
    """The frontier grows only while queries overlap."""
    seen = believing(at(6), at(8))
    seen.judge(seen.claim(), at(8), proven=True, primary=True)
    assert claimed(seen) == {at(8)}


def test_a_write_proves_nothing_about_what_was_seen() -> None:
    """The server that took it may lack what a replica has shown."""
    seen = believing(at(6, "a"))
    seen.wrote(at(7, "b"))
    assert claimed(seen) == {at(6, "a"), at(7, "b")}
    assert seen.judge(seen.claim(), at(7, "b"), proven=False, primary=True) is Verdict.BELIEVE
    assert seen.doubtful


def test_what_was_asked_before_a_loss_is_asked_again() -> None:
    """A late answer of the lost history is not believed, and one of the new raises no second doubt."""
    seen = believing(at(4))
    before = seen.claim()
    seen.judge(before, at(3, "b"), proven=False, primary=True)
    seen.doubt_told()
    for proven in (True, False):
        assert seen.judge(before, at(9), proven=proven, primary=True) is Verdict.ASK_AGAIN
    assert claimed(seen) == {at(3, "b")}
    assert not seen.doubtful


def test_a_claim_is_of_the_moment_it_was_made() -> None:
    """What is seen later does not change it."""
    seen = believing(at(4))
    claim = seen.claim()
    seen.wrote(at(5))
    assert claim == Claim(frozenset({at(4)}), 0)
