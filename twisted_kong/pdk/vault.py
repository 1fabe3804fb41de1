"""``kong.vault``: secrets that a plugin refers to by itself.

What its configuration refers to is in place already.
"""

from __future__ import annotations

from typing import Any

from twisted_kong.core.vaults import is_reference, parse_reference
from twisted_kong.pdk.gateway import Gateway


class Vault:
    """Looks references up; of the node, so it can be used in every phase."""

    __slots__ = ("_gateway",)

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def is_reference(self, value: Any) -> bool:
        """Whether a value is a text like ``{vault://…}``."""
        return is_reference(value)

    def parse_reference(self, reference: str) -> dict[str, Any]:
        """The parts of a reference; ValueError for what is none.

        ``name``, ``resource``, ``key``, ``config`` (the options) and ``version``; None or empty where a part
        is missing.
        """
        parts = parse_reference(reference)
        return {
            "name": parts.vault,
            "resource": parts.resource,
            "key": parts.key,
            "config": dict(parts.options),
            "version": parts.version,
        }

    def get(self, reference: str) -> str:
        """The secret, by the Vaults as they are now; ValueError with the reason where there is none.

        Kong: returns nil and the reason.
        """
        return self._gateway.secret(reference)
