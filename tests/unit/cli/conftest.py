"""What the tests of the command line share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.machines import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A machine on which nothing runs yet."""
    return Shell(tmp_path)
