"""The machine and the process that a node runs in, as values and functions that tests can choose."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# Kong: keys and secrets are 32 characters of base64 whose / and + are replaced by random letters.
_TOKEN_BYTES = 24
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Host:
    """Where a node runs, and where its chance comes from.

    :param pid: tells the process id; twistd may fork between making the node and starting it.
    :param new_uuid: makes version 4 UUIDs.
    :param random_bytes: unguessable; ``os.urandom`` outside of tests.
    :param chance: gives numbers from 0 to 1 for what nodes should not all do at the same moment; without it
        all is done as late as may be.
    :param environment: of the process, as it was when it began: where the vault ``env`` looks secrets up.
    :param loaded: called when all that was to be loaded is in memory, just before the node listens.
    """

    hostname: str
    pid: Callable[[], int]
    new_uuid: Callable[[], str]
    random_bytes: Callable[[int], bytes]
    loaded: Callable[[], object] = lambda: None
    chance: Callable[[], float] = lambda: 1.0
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def new_token(self) -> str:
        """A key or secret as Kong makes them."""
        text = base64.b64encode(self.random_bytes(_TOKEN_BYTES))
        for special in (b"/", b"+"):
            while special in text:
                letter = _LETTERS[self.random_bytes(1)[0] % len(_LETTERS)]
                text = text.replace(special, bytes((letter,)), 1)
        return text.decode("ascii")
