"""Which DAO serves which kind."""

from __future__ import annotations

from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.dao import Context, Dao
from twisted_kong.db.kinds.admin_tokens import AdminTokensDao
from twisted_kong.db.kinds.ca_certificates import CaCertificatesDao
from twisted_kong.db.kinds.certificates import CertificatesDao
from twisted_kong.db.kinds.plugins import PluginsDao
from twisted_kong.db.tables import Table

_SPECIAL: dict[str, type[Dao]] = {
    "admin_tokens": AdminTokensDao,
    "ca_certificates": CaCertificatesDao,
    "certificates": CertificatesDao,
    "plugins": PluginsDao,
}


def dao_for(schema: Schema, table: Table, context: Context) -> Dao:
    """The DAO of a kind: the plain one, unless the kind has rules of its own."""
    return _SPECIAL.get(schema.name, Dao)(schema, table, context)
