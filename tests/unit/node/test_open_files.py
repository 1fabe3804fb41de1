from __future__ import annotations

import pytest

from twisted_kong.node.open_files import Limits, raise_open_files


class System:
    """A system that lets nobody, or root, go beyond the hard limit."""

    def __init__(self, soft: int, hard: int, *, root: bool = False) -> None:
        self.now = (soft, hard)
        self._root = root
        self.calls = 0

    def limits(self) -> Limits:
        return self.now

    def set(self, limits: Limits) -> None:
        self.calls += 1
        if limits[1] > self.now[1] and not self._root:
            raise ValueError("not allowed to raise maximum limit")
        self.now = limits


def test_auto_takes_what_the_system_allows() -> None:
    """The soft limit that shells give is no reason to refuse clients."""
    system = System(1024, 524_288)
    assert raise_open_files(None, system.limits, system.set) is None
    assert system.now == (524_288, 524_288)


def test_what_is_allowed_already_is_left_alone() -> None:
    """Nothing is set where nothing would change."""
    system = System(4096, 4096)
    assert raise_open_files(None, system.limits, system.set) is None
    assert system.calls == 0


@pytest.mark.parametrize("wanted", [512, 4096])
def test_a_number_is_taken_at_its_word(wanted: int) -> None:
    """Also one below the present limit; the hard limit stays for children."""
    system = System(1024, 4096)
    assert raise_open_files(wanted, system.limits, system.set) is None
    assert system.now == (wanted, 4096)


def test_root_may_go_beyond_the_hard_limit() -> None:
    """As nginx does when it is started by root."""
    system = System(1024, 4096, root=True)
    assert raise_open_files(10_000, system.limits, system.set) is None
    assert system.now == (10_000, 10_000)


def test_what_is_refused_is_told() -> None:
    """The node starts all the same, with as much as it can have."""
    system = System(1024, 4096)
    warning = raise_open_files(10_000, system.limits, system.set)
    assert warning is not None
    assert "10000 open files are not allowed here, 4096 it is" in warning
    assert system.now == (4096, 4096)
