"""The frozen configuration."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.core.conf.properties import PROPERTIES
from twisted_kong.core.conf.property import ARRAY_KINDS, Kind, Property, Status

DERIVED = {"tls", "settings", "dynamic"}

_TYPES = {
    Kind.STRING: "str",
    Kind.ENUM: "str",
    Kind.UUID: "str",
    Kind.BOOLEAN: "bool",
    Kind.NGX_BOOLEAN: "bool",
    Kind.NUMBER: "float",
    Kind.TIME: "float",
    Kind.INTEGER: "int",
    Kind.SIZE: "int",
    Kind.BUFFERS: "Buffers",
    Kind.WORKERS: "int | None",
    Kind.LOG: "LogTarget | None",
    Kind.LISTENERS: "tuple[Listener, ...]",
    Kind.STREAM_LISTENERS: "tuple[Listener, ...]",
    Kind.HEADERS: "frozenset[str]",
    Kind.HEADERS_UPSTREAM: "frozenset[str]",
    Kind.NETWORKS: "TrustedPeers",
    Kind.PORT_MAPS: "Mapping[int, int]",
    Kind.RESOLVERS: "tuple[tuple[str, int], ...]",
    Kind.ARRAY: "tuple[str, ...]",
    Kind.CHOICES: "tuple[str, ...]",
}


def annotation(known: Property) -> str:
    """The type that an attribute must be declared with."""
    name = _TYPES[known.kind]
    if known.sensitive:
        name = name.replace("str", "Secret")
    optional = known.default is None and known.kind not in ARRAY_KINDS and "None" not in name
    return f"{name} | None" if optional else name


def test_every_effective_property_is_an_attribute_of_its_type() -> None:
    """The typed attributes and the table of properties cannot drift apart."""
    wanted = {
        known.name: annotation(known)
        for known in PROPERTIES.values()
        if known.alias_of is None and known.status is not Status.IGNORED
    }
    declared = {field.name: field.type for field in fields(Conf) if field.name not in DERIVED}
    assert declared == wanted


def test_conf_is_frozen() -> None:
    """Whoever holds it may rely on it."""
    conf = load_conf(Sources()).conf
    with pytest.raises(FrozenInstanceError):
        conf.prefix = "/x"  # type: ignore[misc]


def test_printing_shows_what_was_set_and_no_secret() -> None:
    """str and repr are safe to log."""
    conf = load_conf(Sources("pg_password = hunter2\nlog_level = info\nvault_x_token = hunter2")).conf
    assert repr(conf) == (
        "Conf(prefix='/usr/local/kong/', log_level='info', pg_password='******', vault_x_token='******')"
    )
    assert str(conf) == repr(conf)


def test_masked_view_has_everything_and_no_secret() -> None:
    """As ``GET /`` shows it."""
    masked = load_conf(Sources("pg_password = hunter2\nnginx_http_gzip = on")).conf.masked()
    assert masked["pg_password"] == "******"
    assert masked["database"] == "sqlite"
    assert masked["nginx_http_gzip"] == "on"
    assert "pg_schema" not in masked
    assert "hunter2" not in str(masked)


def test_paths_follow_the_prefix() -> None:
    """The files of the node lie below it."""
    assert load_conf(Sources("prefix = /k")).conf.paths.pid_file == "/k/pids/nginx.pid"
