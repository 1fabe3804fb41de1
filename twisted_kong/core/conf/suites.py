"""The cipher suites by name: which TLS versions and ciphers ``ssl_cipher_suite`` stands for.

The lists are Mozilla's recommendations, as Kong takes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """What a listener offers: protocol names (``TLSv1.2``), OpenSSL's cipher string up to TLS 1.2, None for
    OpenSSL's own, the finite-field group or file, and whether the server's order of ciphers wins."""

    protocols: tuple[str, ...]
    ciphers: str | None
    dhparam: str | None
    prefer_server_ciphers: bool


_INTERMEDIATE = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "DHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-GCM-SHA384",
    "DHE-RSA-CHACHA20-POLY1305",
)

_OLD_ONLY = (
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA",
    "DHE-RSA-AES128-SHA256",
    "DHE-RSA-AES256-SHA256",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-SHA256",
    "AES256-SHA256",
    "AES128-SHA",
    "AES256-SHA",
    "DES-CBC3-SHA",
    "@SECLEVEL=0",
)

# What OpenSSL up to 3 makes of "TLSv1.2+FIPS:kRSA+FIPS:!eNULL:!aNULL", less what no certificate of ours can
# take part in; later ones do not know the word any longer.
_FIPS = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "DHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-RSA-AES256-SHA384",
    "DHE-RSA-AES256-SHA256",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES128-SHA256",
    "DHE-RSA-AES128-SHA256",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-SHA256",
    "AES128-SHA256",
    "AES256-SHA",
    "AES128-SHA",
)

SUITES: Mapping[str, TlsSettings] = MappingProxyType(
    {
        "modern": TlsSettings(("TLSv1.3",), None, None, False),
        "intermediate": TlsSettings(("TLSv1.2", "TLSv1.3"), ":".join(_INTERMEDIATE), "ffdhe2048", False),
        "old": TlsSettings(
            ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"), ":".join((*_INTERMEDIATE, *_OLD_ONLY)), None, True
        ),
        "fips": TlsSettings(("TLSv1.2",), ":".join(_FIPS), None, True),
    }
)
"""Every suite but ``custom``, which the single properties describe."""

PROTOCOLS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
"""The protocol versions that ``ssl_protocols`` may name."""


def tls_settings(
    suite: str, protocols: str, ciphers: str | None, dhparam: str | None, prefer: bool
) -> TlsSettings:
    """The settings of a suite, of ``custom`` those given; ValueError with Kong's text for an unknown one."""
    if suite == "custom":
        names = tuple(protocols.split())
        unknown = [name for name in names if name not in PROTOCOLS]
        if unknown:
            raise ValueError(f"ssl_protocols has an invalid value: '{unknown[0]}' ({', '.join(PROTOCOLS)})")
        return TlsSettings(names, ciphers, dhparam, prefer)
    if suite not in SUITES:
        raise ValueError(f"Undefined cipher suite {suite}")
    return SUITES[suite]
