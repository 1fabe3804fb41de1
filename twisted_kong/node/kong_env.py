"""The file ``.kong_env`` below the prefix: the merged settings of the node that runs there.

``kong start`` and ``kong reload`` write it, the node and the other commands read it. It holds secrets in
clear, as the node needs them, and so is readable by its owner only; vault references stay references.
A comment before each setting tells where it was found, so that the node names that place for a fault.
"""

from __future__ import annotations

import base64

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.properties import PROPERTIES
from twisted_kong.core.conf.text import format_text
from twisted_kong.node.prefix import PrefixError, write_file

_HEADER = "# The settings of the node in this directory, merged from all sources. Written by kong start.\n"


def write_kong_env(conf: Conf) -> None:
    """Write what a configuration was made of; raises :class:`PrefixError`."""
    settings = {**conf.settings, **conf.dynamic}
    given = {
        name: setting.text
        for name, setting in settings.items()
        if setting.text is not None and not setting.is_default and not _is_alias(name)
    }
    given["prefix"] = conf.prefix
    origins = {name: settings[name].origin for name in given if not settings[name].is_default}
    try:
        text = format_text({name: _one_line(text) for name, text in given.items()}, origins)
        write_file(conf.paths.kong_env, (_HEADER + text).encode(), 0o600)
    except OSError as why:
        raise PrefixError(f"cannot write {conf.paths.kong_env}: {why.strerror}") from None


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
