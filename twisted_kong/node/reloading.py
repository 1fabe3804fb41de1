"""What a reload takes over, and what waits for a restart: one rule for the node and for ``kong reload``."""

from __future__ import annotations

from twisted_kong.core.conf.conf import Conf
from twisted_kong.node.prefix import SERVED_GROUPS

RELOADABLE = frozenset(
    {
        "log_level",
        *(f"{group}{name}" for group in SERVED_GROUPS for name in ("ssl_cert", "ssl_cert_key")),
        "nginx_admin_ssl_client_certificate",
        "nginx_admin_ssl_verify_depth",
    }
)
"""The properties that a reload takes over; the others need a restart."""


def restart_notes(before: Conf, after: Conf) -> list[str]:
    """A line for each property that is changed and that a reload does not take over, by name."""
    return [
        f"{name} has changed: restart the node for it to take effect"
        for name in changed_properties(before, after)
        if name not in RELOADABLE
    ]


def changed_properties(before: Conf, after: Conf) -> list[str]:
    """The names of the properties that have a meaning here and another value now, sorted."""
    absent = object()
    return sorted(
        name for name in after.settings if getattr(before, name, absent) != getattr(after, name, absent)
    )
