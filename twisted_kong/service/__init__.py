"""The composition root: builds every part of a node and hands each the few things it needs."""

from typing import Any

from twisted_kong.core.conf.conf import Conf
from twisted_kong.node.error_log import ErrorLog
from twisted_kong.service.host import Host
from twisted_kong.service.node import KongNode

__all__ = ["make_service"]


def make_service(conf: Conf, reactor: Any, *, host: Host, error_log: ErrorLog | None) -> KongNode:
    """The node that a configuration describes, not started."""
    return KongNode(conf, reactor, host=host, error_log=error_log)
