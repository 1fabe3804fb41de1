"""Arguments that are a yes or a no."""

from __future__ import annotations

from twisted_kong.admin.bodies import Pairs
from twisted_kong.admin.failures import Refused

_YES, _NO = frozenset({"1", "true"}), frozenset({"0", "false"})


def flag_in(query: Pairs, name: str) -> bool:
    """Whether a query string says yes to something; no where it says nothing.

    :raises Refused: 400 for anything but ``1``, ``true``, ``0`` and ``false``.
    """
    return _meaning(name, dict(query).get(name, "0"))


def agreed_flag_in(query: Pairs, name: str) -> bool:
    """The same of something that must not be said and denied at once.

    :raises Refused: 400 for that too.
    """
    meanings = {_meaning(name, value) for each, value in query if each == name}
    if len(meanings) > 1:
        raise _unclear(name)
    return True in meanings


def _meaning(name: str, value: str) -> bool:
    if value not in _YES | _NO:
        raise _unclear(name)
    return value in _YES


def _unclear(name: str) -> Refused:
    return Refused(400, f"{name} must be 1 (or true) or 0 (or false)")
