"""Shows clients the Certificates that are stored for the names they ask for.

A context is made when a client first asks for its Certificate: that takes well under a millisecond and waits
for nothing, since the rows and their secrets are at hand.  Those asked for least lately are forgotten, so
that memory depends on the names in use, not on those stored.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from OpenSSL import SSL
from twisted.logger import Logger

from twisted_kong.core.changes import Entity
from twisted_kong.node.certificates import KeyPair

# Contexts that are kept, of 20 kB each and more with long chains.
KEPT: Final = 1024

# The Certificate, with its secrets, for a name in lower case; None for the listener's own.
CertificateFor = Callable[[str], Entity | None]


@dataclass(frozen=True, slots=True)
class _Made:
    """What was made of a row: None of one that cannot be used."""

    row: Entity
    context: SSL.Context | None


class StoredCertificates:
    """The contexts of one kind of listener.

    :param certificate_for: finds the Certificate.
    :param make: makes a context that shows some certificates, or raises SSL.Error, ValueError or TypeError.
    :param kept: how many contexts are kept.
    """

    _log = Logger()

    def __init__(
        self,
        certificate_for: CertificateFor,
        make: Callable[[Sequence[KeyPair]], SSL.Context],
        *,
        kept: int = KEPT,
    ) -> None:
        self._certificate_for, self._make, self._kept = certificate_for, make, kept
        self._made: OrderedDict[str, _Made] = OrderedDict()

    def context_for(self, name: str) -> SSL.Context | None:
        """The context for a name in lower case; None if the listener's own certificates shall be shown.

        A Certificate that cannot be used is told of once, until it changes.
        """
        row = self._certificate_for(name)
        if row is None:
            return None
        id = row["id"]
        made = self._made.get(id)
        if made is not None and made.row is row:
            self._made.move_to_end(id)
            return made.context
        made = self._made[id] = _Made(row, self._usable(row, name))
        self._made.move_to_end(id)
        if len(self._made) > self._kept:
            self._made.popitem(last=False)
        return made.context

    def forget(self, id: str) -> None:
        """Keep nothing of a Certificate that has changed or is gone."""
        self._made.pop(id, None)

    def clear(self) -> None:
        """Make every context anew when it is next asked for."""
        self._made.clear()

    def _usable(self, row: Entity, name: str) -> SSL.Context | None:
        try:
            return self._make(tuple(_pairs(row)))
        except (SSL.Error, ValueError, TypeError, OSError) as error:
            self._log.error(
                "certificate {id} cannot be used for {name}, the listener's own is shown ({why})",
                id=row["id"],
                name=name,
                why=_reason(error),
            )
            return None


def _reason(error: Exception) -> str:
    """In words that quote nothing of the key."""
    if isinstance(error, SSL.Error):
        return ", ".join(reason for *_, reason in error.args[0])
    if isinstance(error, OSError):
        return f"its chain cannot be handed over: {error.strerror}"
    return "its certificate or key cannot be read"


def _pairs(row: Entity) -> Iterator[KeyPair]:
    for certificate, key in (("cert", "key"), ("cert_alt", "key_alt")):
        if certificate == "cert" or row.get(certificate):
            yield KeyPair(row[certificate].encode(), (row[key] or "").encode())
