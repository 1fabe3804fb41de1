"""Cipher suites by name."""

from __future__ import annotations

import pytest

from twisted_kong.core.conf.suites import TlsSettings, tls_settings


def test_named_suite_overrides_the_single_properties() -> None:
    """modern is TLS 1.3 whatever ssl_protocols says."""
    assert tls_settings("modern", "TLSv1", "RC4", "x", True).protocols == ("TLSv1.3",)


def test_custom_takes_the_single_properties() -> None:
    """custom is what was given."""
    assert tls_settings("custom", "TLSv1.2 TLSv1.3", "HIGH", None, True) == TlsSettings(
        ("TLSv1.2", "TLSv1.3"), "HIGH", None, True
    )


def test_intermediate_forbids_old_protocols() -> None:
    """The default starts at TLS 1.2."""
    suite = tls_settings("intermediate", "", None, None, False)
    assert suite.protocols == ("TLSv1.2", "TLSv1.3")
    assert suite.ciphers is not None
    assert "DHE-RSA-CHACHA20-POLY1305" in suite.ciphers


def test_unknown_suite_is_refused_with_kongs_text() -> None:
    """Kong's text."""
    with pytest.raises(ValueError, match=r"^Undefined cipher suite strong$"):
        tls_settings("strong", "", None, None, False)


def test_unknown_protocol_is_refused() -> None:
    """SSLv3 is no more."""
    with pytest.raises(ValueError, match="ssl_protocols has an invalid value: 'SSLv3'"):
        tls_settings("custom", "SSLv3", None, None, False)
