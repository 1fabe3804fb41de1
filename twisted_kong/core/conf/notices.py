"""What the author of a usable configuration should know: settings that do nothing, or are out of date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from twisted_kong.core.conf.listeners import Listener
from twisted_kong.core.conf.masking import Setting
from twisted_kong.core.conf.problems import Problem
from twisted_kong.core.conf.properties import PROPERTIES
from twisted_kong.core.conf.property import Kind, Property, Status
from twisted_kong.core.conf.values import OFF_WORDS


def notices(given: Mapping[str, Setting], values: Mapping[str, Any]) -> Iterator[Problem]:
    """One warning per setting; one that only repeats the default needs none."""
    for name, setting in given.items():
        known = PROPERTIES.get(name)
        text = setting.text or ""
        for message in _dynamic(name) if known is None else _known(known, text):
            yield Problem(message, setting.origin)
    for name in ("proxy_listen", "admin_listen", "status_listen"):
        for flag in _idle_flags(values.get(name, ())):
            yield Problem(f"{name}: the flag {flag} has no effect in this version yet", given[name].origin)
    if values["admin_token"] is not None and values["admin_auth"] == "off":
        yield Problem(
            "admin_token protects nothing while admin_auth is off: set admin_auth = token",
            given["admin_token"].origin,
        )
    if values["database"] == "cassandra" and values["db_update_propagation"] == 0:
        yield Problem(
            "db_update_propagation is 0, its default: as Cassandra is distributed, a change may be seen"
            " before it can be read everywhere; increase it",
            given["database"].origin,
        )


def _idle_flags(listeners: Iterable[Listener]) -> Iterator[str]:
    if any(listener.keepalive is not None for listener in listeners):
        yield "so_keepalive"
    if any(listener.http2 and not listener.ssl for listener in listeners):
        yield "http2 without ssl"
    if any(listener.ipv6only is False for listener in listeners):
        yield "ipv6only=off"


def _dynamic(name: str) -> Iterator[str]:
    if name.startswith("nginx_"):
        yield f"{name} is ignored: it is a directive of nginx, which is not used"
    elif name.startswith("pluginserver_"):
        yield f"{name} is ignored: external plugin servers are not available"
    elif not name.startswith("vault_env_"):
        yield f"{name} is ignored: only the env vault is available"


def _known(known: Property, text: str) -> Iterator[str]:
    if known.deprecated:
        yield (f"the '{known.name}' configuration property is deprecated, use '{known.alias_of}' instead")
    elif known.name == "worker_consistency" and text == "strict":
        yield "the 'worker_consistency' value 'strict' is deprecated, use 'eventual' instead"
    elif text != known.default and known.status is Status.IGNORED:
        yield f"{known.name} is ignored: {known.because}"
    elif text != known.default and known.status is Status.LATER:
        yield f"{known.name} has no effect in this version yet"
    if known.kind is Kind.BOOLEAN and text not in ("on", "true") and text.lower() not in OFF_WORDS:
        yield f"{known.name} is not a boolean: '{text}' (on, off); it counts as off, as in Kong"
