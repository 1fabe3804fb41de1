"""What a process has used is read rightly from /proc."""

from __future__ import annotations

import os

from bench.measure import Stat, family, parse_stat, usage

# The fields of the kernel, cut off after the resident pages.
LINE = "42 (a (b) c) S 7 42 42 0 -1 4194304 100 0 0 0 11 22 3 4 20 0 1 0 500 1000000 256"


def test_a_command_name_may_hold_parentheses() -> None:
    """The fields are counted from the last parenthesis, as proc(5) allows any name."""
    assert parse_stat(LINE) == Stat(parent=7, ticks=11 + 22 + 3 + 4, pages=256)


def test_a_family_is_all_that_descends() -> None:
    """Workers of workers belong to the tree, strangers do not."""
    stats = {1: Stat(0, 0, 0), 5: Stat(1, 0, 0), 6: Stat(5, 0, 0), 7: Stat(1, 0, 0)}
    assert family(stats, 5) == {5, 6}


def test_this_process_has_used_something() -> None:
    """Reading the real /proc gives our own memory and time."""
    mine = usage(os.getpid())
    assert mine.cpu > 0
    assert mine.rss > 1_000_000
