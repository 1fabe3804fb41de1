"""The groups of RFC 7919 for key exchange over finite fields, as files of parameters have them.

Each prime is given by a formula: all ones at both ends, digits of e between them, and the least number that
makes it a safe prime (RFC 7919, appendix A).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

GROUPS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "ffdhe2048": (2048, 560316),
        "ffdhe3072": (3072, 2625351),
        "ffdhe4096": (4096, 5736041),
        "ffdhe6144": (6144, 15705020),
        "ffdhe8192": (8192, 10965728),
    }
)
"""Bits and least number of each group that ``ssl_dhparam`` may name."""

_GENERATOR: Final = b"\x02\x01\x02"
_LINE: Final = 64
# Bits beyond those wanted, so that what the terms of a sum lack makes no difference.
_GUARD: Final = 64


def parameters(group: str) -> str:
    """The PEM text of a group (PKCS #3); KeyError for an unknown one."""
    bits, least = GROUPS[group]
    prime = (1 << bits) - (1 << bits - 64) + ((_scaled_e(bits - 130) + least) << 64) - 1
    # The first bit is one, so a zero must keep the number from being negative.
    encoded = _der(0x30, _der(0x02, b"\0" + prime.to_bytes(bits // 8, "big")) + _GENERATOR)
    text = base64.b64encode(encoded).decode("ascii")
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return "\n".join(["-----BEGIN DH PARAMETERS-----", *lines, "-----END DH PARAMETERS-----", ""])


def _scaled_e(bits: int) -> int:
    """The whole part of e · 2^bits."""
    total, term, number = 0, 1 << bits + _GUARD, 0
    while term:
        total += term
        number += 1
        term //= number
    return total >> _GUARD


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    return bytes([tag, 0x82, size >> 8, size & 0xFF]) + content
