"""The core entities as data, one module a kind, in an order in which parents come before children.

All but the last are Kong's.

The vocabulary is Kong's: ``type``, ``required``, ``default``, ``one_of``, ``entity_checks`` ….  Where Kong
has a Lua pattern (``match``) there is a ``regex`` here, where it has a Lua function there is
``{"fn": name}``, to be found in ``core/schema/checks/table.py``.
"""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.entities.admin_tokens import ADMIN_TOKENS
from twisted_kong.core.schema.entities.ca_certificates import CA_CERTIFICATES
from twisted_kong.core.schema.entities.certificates import CERTIFICATES
from twisted_kong.core.schema.entities.clustering_data_planes import CLUSTERING_DATA_PLANES
from twisted_kong.core.schema.entities.consumers import CONSUMERS
from twisted_kong.core.schema.entities.filter_chains import FILTER_CHAINS
from twisted_kong.core.schema.entities.key_sets import KEY_SETS
from twisted_kong.core.schema.entities.keys import KEYS
from twisted_kong.core.schema.entities.parameters import PARAMETERS
from twisted_kong.core.schema.entities.plugins import PLUGINS
from twisted_kong.core.schema.entities.routes import ROUTES
from twisted_kong.core.schema.entities.services import SERVICES
from twisted_kong.core.schema.entities.snis import SNIS
from twisted_kong.core.schema.entities.tags import TAGS
from twisted_kong.core.schema.entities.targets import TARGETS
from twisted_kong.core.schema.entities.upstreams import UPSTREAMS
from twisted_kong.core.schema.entities.vaults import VAULTS
from twisted_kong.core.schema.entities.workspaces import WORKSPACES

CORE_ENTITIES: tuple[dict[str, Any], ...] = (
    WORKSPACES,
    CONSUMERS,
    CERTIFICATES,
    SNIS,
    CA_CERTIFICATES,
    SERVICES,
    ROUTES,
    UPSTREAMS,
    TARGETS,
    PLUGINS,
    VAULTS,
    KEY_SETS,
    KEYS,
    PARAMETERS,
    TAGS,
    CLUSTERING_DATA_PLANES,
    FILTER_CHAINS,
    ADMIN_TOKENS,
)
