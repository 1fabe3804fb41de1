"""The vaults of a configuration."""

from __future__ import annotations

import pytest

from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.core.conf.vaults import configured_vaults
from twisted_kong.core.vaults import UnresolvedReference, Vaults


def vaults(**settings: str) -> Vaults:
    """Those of some settings, in an environment of two variables."""
    conf = load_conf(Sources(options={"prefix": "/x", **settings})).conf
    return configured_vaults(conf, {"KEY": "plain", "APP_KEY": "prefixed"})


def test_environment_is_there_by_default() -> None:
    """``vaults = bundled`` means env."""
    assert vaults().resolve("{vault://env/key}") == "plain"


def test_prefix_of_the_environment() -> None:
    """``vault_env_prefix`` holds for entities as it does for kong.conf itself."""
    assert vaults(vault_env_prefix="app_").resolve("{vault://env/key}") == "prefixed"


def test_vaults_can_be_switched_off() -> None:
    """``vaults = off``."""
    with pytest.raises(UnresolvedReference, match="there is no vault 'env'"):
        vaults(vaults="off").resolve("{vault://env/key}")
