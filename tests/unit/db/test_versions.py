"""The order of versions."""

from __future__ import annotations

import pytest

from twisted_kong.db.versions import is_newer

# From PEP 440, and what people write.
ORDER = (
    *("0.9", "1.0.dev1", "1.0a1.dev2", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.post1.dev3", "1.0.post1"),
    *("1.0.1", "1.1", "1.9", "1.10", "2"),
)


def test_versions_are_ordered_as_packages_are() -> None:
    """By number, not by letter; trials before their release."""
    for position, version in enumerate(ORDER):
        for other, earlier in enumerate(ORDER):
            assert is_newer(version, earlier) is (position > other), (version, earlier)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1.0", "1.0.0"), ("1.0+local.1", "1.0"), ("v1.0", "1.0"), ("1.0-1", "1.0.post1"), ("1.0c1", "1.0rc1")],
)
def test_spellings_of_one_version(one: str, other: str) -> None:
    """Neither is newer."""
    assert not is_newer(one, other)
    assert not is_newer(other, one)


def test_a_text_that_is_no_version_is_not_newer() -> None:
    """It refuses nobody, and is refused by nobody."""
    assert not is_newer("unknown", "1.0")
    assert not is_newer("1.0", "")
