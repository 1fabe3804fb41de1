"""Consistent hashing."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.balancer.consistent_hashing import ConsistentHashing, slot_of

WEIGHTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 1000), min_size=1)
KEYS = [b"key-%d" % n for n in range(60)]


def table_of(weights: dict[str, int], slots: int = 200) -> ConsistentHashing[str]:
    """Of values that are their own identities."""
    table: ConsistentHashing[str] = ConsistentHashing(slots, str)
    for value, weight in weights.items():
        table.put(value, weight)
    return table


def choices(table: ConsistentHashing[str], keys: list[bytes] = KEYS) -> dict[bytes, str | None]:
    """Where keys lead."""
    return {key: table.pick(key=key) for key in keys}


@pytest.mark.parametrize("slots", [1000, 10_000, 65_536])
def test_keys_of_any_kind_fall_evenly(slots: int) -> None:
    """Numbers, addresses and words alike, whatever the number of slots."""
    kinds = [
        [b"%d" % n for n in range(5_000)],
        [b"10.1.%d.%d" % (n >> 8, n & 255) for n in range(5_000)],
        [b"/orders/%08x" % n for n in range(5_000)],
    ]
    for keys in kinds:
        tenths = Counter(slot_of(key, slots) * 10 // slots for key in keys)
        assert all(abs(count - 500) < 100 for count in tenths.values())
        spread = Counter(slot_of(key, slots) % 7 for key in keys)
        assert all(abs(count - 5_000 / 7) < 140 for count in spread.values())
    assert slot_of(b"", slots) == 0
    assert slot_of(b"x", slots) == crc32(b"x") * slots >> 32


@pytest.mark.parametrize("weights", [{"a": 100, "b": 100}, {"a": 100, "b": 300, "c": 50}, {"a": 1, "b": 9}])
def test_shares_are_as_the_weights(weights: dict[str, int]) -> None:
    """To within the noise of 10,000 slots."""
    table = table_of(weights, 10_000)
    keys = [b"%d" % n for n in range(10_000)]
    seen = Counter(choices(table, keys).values())
    total = sum(weights.values())
    for value, weight in weights.items():
        assert abs(seen[value] / len(keys) - weight / total) < 0.025


@given(WEIGHTS, st.text("xyz", min_size=1, max_size=2), st.integers(1, 1000))
def test_one_that_comes_takes_keys_only_for_itself(weights: dict[str, int], new: str, weight: int) -> None:
    """And when it goes, each key is back where it was."""
    table = table_of(weights)
    before = choices(table)
    table.put(new, weight)
    after = choices(table)
    assert all(after[key] in (before[key], new) for key in KEYS)
    table.remove(new)
    assert choices(table) == before


@given(WEIGHTS, st.data())
def test_one_that_goes_moves_only_its_own_keys(weights: dict[str, int], data: st.DataObject) -> None:
    """Just as one that cannot be used for a while."""
    gone = data.draw(st.sampled_from(sorted(weights)))
    table = table_of(weights)
    before = choices(table)
    passed_over = {key: table.pick(lambda value: value != gone, key) for key in KEYS}
    table.remove(gone)
    after = choices(table)
    assert all(after[key] == before[key] for key in KEYS if before[key] != gone)
    assert passed_over == after


@given(WEIGHTS, st.sets(st.sampled_from("abcdefgh")), st.sets(st.sampled_from("abcdefgh")))
def test_whoever_is_out_others_are_found(weights: dict[str, int], out: set[str], gone: set[str]) -> None:
    """Always those who would have been found had the others never been there."""
    table = table_of(weights)
    choices(table)
    for value in gone:
        table.remove(value)
    rest = {value: weight for value, weight in weights.items() if value not in out | gone}
    assert {key: table.pick(lambda value: value not in out, key) for key in KEYS} == choices(table_of(rest))


@given(WEIGHTS, st.data(), st.integers(1, 1000))
def test_another_weight_moves_keys_to_or_from_that_one_alone(
    weights: dict[str, int], data: st.DataObject, weight: int
) -> None:
    """To it if it grows, from it if it shrinks."""
    changed = data.draw(st.sampled_from(sorted(weights)))
    table = table_of(weights)
    before = choices(table)
    table.put(changed, weight)
    for key, value in choices(table).items():
        if value != before[key]:
            assert changed == (value if weight > weights[changed] else before[key])


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 5)), max_size=60))
def test_only_who_takes_part_counts(changes: list[tuple[str, int]]) -> None:
    """Whatever came and went before, and whoever asked in between, the table is that of a new node."""
    table: ConsistentHashing[str] = ConsistentHashing(100, str)
    weights: dict[str, int] = {}
    for value, weight in changes:
        table.put(value, weight)
        weights[value] = weight
        table.pick(key=KEYS[len(weights) * 7 % len(KEYS)])
    assert choices(table) == choices(table_of(dict(sorted(weights.items())), 100))


def test_every_process_chooses_alike() -> None:
    """Nothing of it depends on how a process seeds its own hashes."""
    code = (
        "from twisted_kong.core.balancer.consistent_hashing import ConsistentHashing\n"
        "table = ConsistentHashing(200, str)\n"
        "for value, weight in (('a', 3), ('b', 5), ('c', 1)): table.put(value, weight)\n"
        "print(''.join(table.pick(key=b'key-%d' % n) for n in range(60)))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == "".join(map(str, choices(table_of({"c": 1, "b": 5, "a": 3})).values()))


def test_nobody_and_nobody_usable() -> None:
    """None is the answer."""
    assert table_of({}).pick(key=b"x") is None
    assert table_of({"a": 0}).pick(key=b"x") is None
    assert table_of({"a": 1}).pick(lambda _: False, b"x") is None


def test_what_is_remembered_is_bounded() -> None:
    """However often values come and go."""
    table = table_of({"a": 1})
    for n in range(1000):
        table.put("b", n + 1)
        table.pick(key=b"%d" % n)
    assert len(table._came) < 100
    assert len(table._won) <= 200
