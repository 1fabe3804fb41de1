"""``kong.vault``."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kit.pdk import a_gateway
from twisted_kong.core.vaults import Vaults
from twisted_kong.pdk.vault import Vault

VAULT = Vault(replace(a_gateway(), secret=Vaults({"ONE": "first"}).resolve))


def test_a_secret_is_looked_up() -> None:
    """By its reference, or it is told why there is none."""
    assert VAULT.get("{vault://env/one}") == "first"
    with pytest.raises(ValueError, match="environment variable TWO is not set"):
        VAULT.get("{vault://env/two}")


def test_a_gateway_without_vaults_has_no_secrets() -> None:
    """Every reference leads nowhere."""
    with pytest.raises(ValueError, match="there is no vault 'env'"):
        Vault(a_gateway()).get("{vault://env/one}")


def test_references_are_told_from_other_texts() -> None:
    """By their ends, and taken apart."""
    assert VAULT.is_reference("{vault://env/one}")
    assert not VAULT.is_reference("one")
    assert VAULT.parse_reference("{vault://mine/one/key?prefix=x#2}") == {
        "name": "mine",
        "resource": "one",
        "key": "key",
        "config": {"prefix": "x"},
        "version": 2,
    }
    with pytest.raises(ValueError, match="not of the form"):
        VAULT.parse_reference("one")
