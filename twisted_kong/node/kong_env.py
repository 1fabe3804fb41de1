"""The file ``.kong_env`` below the prefix: the merged settings of the node that runs there.

``kong start`` and ``kong reload`` write it, the node and the other commands read it. It holds secrets in
clear, as the node needs them, and so is readable by its owner only; vault references stay references.
"""

from __future__ import annotations

import base64
import os

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.properties import PROPERTIES
from twisted_kong.core.conf.text import format_text
from twisted_kong.node.configuration import ConfSource
from twisted_kong.node.prefix import PrefixError, write_file

_HEADER = "# The settings of the node in this directory, merged from all sources. Written by kong start.\n"


def write_kong_env(conf: Conf) -> None:
    """Write what a configuration was made of; raises :class:`PrefixError`."""
    given = {
        name: setting.text
        for name, setting in {**conf.settings, **conf.dynamic}.items()
        if setting.text is not None and not setting.is_default and not _is_alias(name)
    }
    given["prefix"] = conf.prefix
    try:
        text = format_text({name: _one_line(text) for name, text in given.items()})
        write_file(conf.paths.kong_env, (_HEADER + text).encode(), 0o600)
    except OSError as why:
        raise PrefixError(f"cannot write {conf.paths.kong_env}: {why.strerror}") from None


def kong_env_source(prefix: str) -> ConfSource | None:
    """Where the node below ``prefix`` has its settings; None when none was started there."""
    path = os.path.join(prefix, ".kong_env")
    return ConfSource(path, merged=True) if os.path.exists(path) else None


def _is_alias(name: str) -> bool:
    return name in PROPERTIES and PROPERTIES[name].alias_of is not None


def _one_line(text: str) -> str:
    """PEM text of an environment variable has lines; a file's value cannot."""
    if "\n" not in text:
        return text
    return (
        ",".join(_packed(entry) for entry in text.split(","))
        if "-----BEGIN" in text
        else " ".join(text.split())
    )


def _packed(entry: str) -> str:
    entry = entry.strip()
    return base64.b64encode(entry.encode()).decode() if "\n" in entry else entry
