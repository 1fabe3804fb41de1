"""The authorities that the node itself trusts, as the one file that libraries below it want."""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence

from twisted_kong.core.conf.conf import Conf
from twisted_kong.node.certificates import load_chain
from twisted_kong.node.prefix import write_file

SYSTEM = "system"

# Where distributions keep all authorities in one file; the first is asked of Python's own OpenSSL.
_KNOWN = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def system_file() -> str | None:
    """The file with the authorities that the system trusts; None where there is none."""
    known = (ssl.get_default_verify_paths().openssl_cafile, *_KNOWN)
    return next((path for path in known if os.access(path, os.R_OK)), None)


def database_authorities(conf: Conf) -> str | None:
    """The file by which the certificate of a database server is judged; None where none is, or see below."""
    return trusted_file(conf) if conf.pg_ssl_verify or conf.pg_ro_ssl_verify else None


def trusted_file(conf: Conf) -> str | None:
    """The file with all authorities of ``lua_ssl_trusted_certificate``; None for an unknown system's.

    Several of them are put together below the prefix, which must be there. Kong: ``.ca_combined``.
    """
    values: Sequence[str] = conf.lua_ssl_trusted_certificate or (SYSTEM,)
    files = [system_file() if value == SYSTEM else value for value in values]
    if len(files) == 1 and (files[0] is None or os.path.isfile(files[0])):
        return files[0]
    data = b"\n".join(load_chain(file) for file in files if file is not None)
    write_file(conf.paths.ca_combined, data, 0o644)
    return conf.paths.ca_combined
