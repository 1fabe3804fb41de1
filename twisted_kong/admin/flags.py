"""Arguments that are a yes or a no."""

from __future__ import annotations

from twisted_kong.admin.bodies import Pairs
from twisted_kong.admin.failures import Refused

_YES, _NO = frozenset({"1", "true"}), frozenset({"0", "false"})


def flag_in(query: Pairs, name: str) -> bool:
    """Whether a query string says yes to something; no where it says nothing.

    :raises Refused: 400 for anything but ``1``, ``true``, ``0`` and ``false``.
    """
    given = dict(query).get(name, "0")
    if given not in _YES | _NO:
        raise Refused(400, f"{name} must be 1 (or true) or 0 (or false)")
    return given in _YES
