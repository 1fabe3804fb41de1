"""Whatever is staged, over whatever: it does, refuses, tells and lists what a real store would."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.test_strategies_agree import PARENTS, TABLES, writes
from twisted_kong.core.errors import EntityError
from twisted_kong.db.interfaces import Commit, IStrategy, LostRace, Selection, TagFilter, Write
from twisted_kong.db.staging import StagedStrategy
from twisted_kong.db.strategies.memory import MemoryStrategy
from twisted_kong.db.tables import Unique
from twisted_kong.db.transaction import run_unsuspended


class Still:
    """A clock that stands still: of rows whose time is over a staged store sees nothing beneath it."""

    def seconds(self) -> float:
        """The beginning."""
        return 0.0


def made() -> MemoryStrategy:
    """A store in memory with a few parents."""
    numbers = itertools.count()
    strategy = MemoryStrategy(Still(), lambda: f"{next(numbers):08x}")
    run_unsuspended(strategy.start(TABLES))
    outcome(strategy, list(PARENTS))
    return strategy


def staged(base: IStrategy) -> StagedStrategy:
    """A staged store over another."""
    return StagedStrategy(base, TABLES, Still().seconds)


def outcome(strategy: IStrategy, batch: list[Write]) -> Any:
    """What a commit is told to have changed, or why it was refused."""
    try:
        committed = run_unsuspended(strategy.apply(Commit(tuple(batch), "me", 0.0)))
    except (EntityError, LostRace) as refusal:
        return type(refusal), str(refusal)
    return told(committed.changes)


def told(changes: Any) -> list[Any]:
    """Changes without their positions."""
    return [(each.entity, each.operation, each.id, each.keys) for each in changes]


def listed(strategy: IStrategy, size: int) -> list[Any]:
    """All that can be asked of a store."""
    selections = [Selection()]
    selections += [Selection(tags=TagFilter(("x", "y"), every=every)) for every in (True, False)]
    selections += [Selection(foreign=("consumer", "1")), Selection(foreign=("service", "2"))]
    selections += [replace(each, descending=True) for each in selections]
    found: list[Any] = []
    for table, selection in itertools.product(TABLES.values(), selections):
        cursor = None
        while True:
            page = run_unsuspended(strategy.page(table, size, cursor, selection))
            found += [(row.entity, row.expires) for row in page.rows]
            cursor = page.cursor
            if cursor is None:
                break
    for table, key in itertools.product(TABLES.values(), "123"):
        found.append(run_unsuspended(strategy.select(table, key)))
    for name, value in itertools.product(("services", "routes", "consumers"), "ab"):
        unique: Unique = TABLES[name].uniques[0]
        found.append(run_unsuspended(strategy.select_by(TABLES[name], unique, f'["{value}"]')))
    after = None
    while rows := run_unsuspended(strategy.tags_after(size, after, None)):
        found += rows
        after = rows[-1].key, rows[-1].ordinal, rows[-1].table
    return found


# What is done: writes, or (with nothing) all rows of some tables are read at once.
STEPS = st.lists(
    st.one_of(
        st.lists(writes(), min_size=1, max_size=3),
        st.lists(writes(), min_size=1, max_size=3),
        st.frozensets(st.sampled_from(sorted(TABLES)), min_size=1, max_size=3),
    ),
    max_size=25,
)


@settings(max_examples=200, deadline=None)
@given(STEPS, st.integers(0, 10), st.integers(0, 15), st.integers(1, 3))
def test_what_is_staged_is_as_if_it_were_written(
    steps: list[Any], first: int, second: int, size: int
) -> None:
    """Some of a history is written, more is staged over it, the rest over that; then all is committed."""
    plain, base = made(), made()
    middle = staged(base)
    top = staged(middle)
    for number, step in enumerate(steps):
        store = base if number < first else middle if number < first + second else top
        if isinstance(step, frozenset):
            if isinstance(store, StagedStrategy):
                run_unsuspended(store.preload(step))
        else:
            assert outcome(store, step) == outcome(plain, step)
    expected = listed(plain, size)
    assert listed(top, size) == expected
    upper = list(top.changes)
    committed = run_unsuspended(top.commit("me", 0.0))
    assert [each[:3] for each in told(committed.changes)] == [(e.table, e.operation, e.key) for e in upper]
    assert listed(middle, size) == expected
    all_of_it = list(middle.changes)
    committed = run_unsuspended(middle.commit("me", 0.0))
    assert [each[:3] for each in told(committed.changes)] == [
        (e.table, e.operation, e.key) for e in all_of_it
    ]
    assert listed(base, size) == expected
