"""Arguments that are a yes or a no."""

from __future__ import annotations

import pytest

from twisted_kong.admin.failures import Refused
from twisted_kong.admin.flags import flag_in


def test_yes_and_no() -> None:
    """Both can be said in two ways, the last one counts, and who says nothing says no."""
    assert flag_in([("x", "true")], "x")
    assert flag_in([("x", "0"), ("x", "1")], "x")
    assert not flag_in([("x", "0")], "x")
    assert not flag_in([("x", "false")], "x")
    assert not flag_in([("y", "1")], "x")


@pytest.mark.parametrize("value", ["", "yes", "TRUE", "2"])
def test_who_is_misunderstood_is_refused(value: str) -> None:
    """Anything else is neither."""
    with pytest.raises(Refused, match=r"x must be 1 \(or true\) or 0 \(or false\)"):
        flag_in([("x", value)], "x")
