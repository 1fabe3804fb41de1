"""What a well-formed configuration may ask for that this version cannot do: reasons not to start."""

from __future__ import annotations

from collections.abc import Iterator

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.problems import ConfError, Problem

AVAILABLE_DATABASES = ("sqlite", "postgres")


def unavailable(conf: Conf) -> tuple[Problem, ...]:
    """Everything that keeps a node with this configuration from starting."""
    return tuple(Problem(message, conf.settings[name].origin) for name, message in _refusals(conf))


def require_available(conf: Conf) -> None:
    """Raise :class:`ConfError` unless this version can do all that ``conf`` asks for."""
    problems = unavailable(conf)
    if problems:
        raise ConfError(problems)


def _refusals(conf: Conf) -> Iterator[tuple[str, str]]:
    allowed = ", ".join(AVAILABLE_DATABASES)
    if conf.database == "off":
        yield "database", f"database = off is not available: the node needs a database ({allowed})"
    elif conf.database not in AVAILABLE_DATABASES:
        yield "database", f"database = {conf.database} is not available in this version yet ({allowed})"
    if conf.role != "traditional":
        yield "role", f"role = {conf.role} is not available: there is no hybrid mode (traditional)"
    for name in ("admin_listen", "status_listen"):
        if any(listener.proxy_protocol for listener in getattr(conf, name)):
            yield name, f"{name}: the flag proxy_protocol is available for proxy_listen only"
    if conf.stream_listen:
        yield "stream_listen", "stream_listen is not available in this version yet (off)"
