"""Has the parameters that ``ssl_dhparam`` asks for in a file, since OpenSSL only reads them from one."""

from __future__ import annotations

import os

from OpenSSL import SSL

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.finite_field import GROUPS, parameters
from twisted_kong.node.prefix import PrefixError, write_file

_PEM = "-----BEGIN"


def dh_path(conf: Conf) -> str | None:
    """The file that ``ssl_dhparam`` names; None where it names a group, is the text itself, or is not set."""
    asked = conf.tls.dhparam
    return None if asked is None or asked in GROUPS or _PEM in asked else asked


def are_parameters(path: str) -> bool:
    """Whether a file has parameters that OpenSSL can use."""
    try:
        SSL.Context(SSL.TLS_SERVER_METHOD).load_tmp_dh(path)
    except SSL.Error:
        return False
    return True


def dh_file(conf: Conf) -> str | None:
    """The file with the parameters that the listeners use; None where they use none.

    Kong: those of a group that is named, by ``ssl_dhparam`` or by the suite, are kept below the prefix; text
    that stands for itself is, too.

    :raises PrefixError: there is no such file, it cannot be written, or it has no parameters.
    """
    asked = conf.tls.dhparam
    if asked is None:
        return None
    path = dh_path(conf)
    try:
        if path is None:
            named = asked in GROUPS
            path = _kept(conf, asked if named else "dhparam", parameters(asked) if named else asked)
    except OSError as why:
        raise PrefixError(f"cannot write {why.filename}: {why.strerror} (see ssl_dhparam)") from None
    if not are_parameters(path):
        raise PrefixError(f"cannot use the parameters of {path} (see ssl_dhparam)")
    return path


def _kept(conf: Conf, name: str, text: str) -> str:
    """A file below the prefix with this text; written only where it is not there."""
    path = conf.paths.below(f"ssl/{name}.pem")
    data = text.encode()
    try:
        with open(path, "rb") as file:
            if file.read() == data:
                return path
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    write_file(path, data, 0o644)
    return path
