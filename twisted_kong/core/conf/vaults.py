"""The vaults that kong.conf sets up: ``vaults``, ``vault_env_prefix``."""

from __future__ import annotations

from collections.abc import Mapping

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.masking import Setting
from twisted_kong.core.vaults import Vaults, installed_vaults


def configured_vaults(conf: Conf, environment: Mapping[str, str]) -> Vaults:
    """Where the references of entities and of commands lead.

    :param environment: of the process.
    """
    prefix = conf.dynamic.get("vault_env_prefix", Setting(None)).text or ""
    return Vaults(environment, prefix, installed_vaults(conf.vaults))
