"""What the node tells about itself."""

from __future__ import annotations

import os
import sys

import pytest

from twisted_kong.admin.node_info import resident_bytes


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells the memory of a process in /proc"
)
def test_the_memory_of_this_process_is_told() -> None:
    """This interpreter occupies some megabytes."""
    assert 4 << 20 < resident_bytes(os.getpid()) < 4 << 30


def test_an_unknown_process_has_no_memory() -> None:
    """A process that is not there occupies nothing."""
    assert resident_bytes(2**31 - 1) == 0
