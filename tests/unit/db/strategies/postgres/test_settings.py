"""pg_* and pg_ro_* as settings of a pool."""

from __future__ import annotations

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.db.strategies.postgres.settings import (
    BACKLOG,
    Settings,
    primary_settings,
    replica_settings,
)


def conf(text: str = "") -> Conf:
    """A configuration with these lines."""
    return load_conf(Sources(text)).conf


def test_defaults() -> None:
    """Without a word it is Kong's server: kong at 127.0.0.1, five seconds, ten connections."""
    assert primary_settings(conf()) == Settings(
        hosts=(("127.0.0.1", 5432),),
        timeout=5.0,
        pool_size=10,
        backlog=BACKLOG,
        acquire_timeout=60.0,
        idle_timeout=60.0,
    )
    assert replica_settings(conf()) is None


def test_everything_said() -> None:
    """Milliseconds become seconds, the smaller of two limits counts, and the password does not show."""
    settings = primary_settings(
        conf(
            "pg_host = db1, db2:5433,[::1]:5434\npg_port = 6000\n"
            "pg_database = d\npg_user = u\npg_password = s\n"
            "pg_schema = gateway\npg_timeout = 2500\npg_ssl = on\npg_ssl_verify = on\npg_pool_size = 8\n"
            "pg_max_concurrent_queries = 6\npg_semaphore_timeout = 500\n"
            "pg_keepalive_timeout = 7000\npg_backlog = 3\n"
        ),
        "/ca.pem",
    )
    assert settings == Settings(
        hosts=(("db1", 6000), ("db2", 5433), ("0000:0000:0000:0000:0000:0000:0000:0001", 5434)),
        database="d",
        user="u",
        password="s",
        schema="gateway",
        timeout=2.5,
        ssl=True,
        ssl_verify=True,
        ca_file="/ca.pem",
        pool_size=6,
        backlog=3,
        acquire_timeout=0.5,
        idle_timeout=7.0,
    )
    assert "'s'" not in repr(settings)


def test_replica_is_as_the_primary_unless_said() -> None:
    """Of the read-only server only the host must be told; a switch that is off is said."""
    settings = replica_settings(
        conf(
            "pg_ro_host = r\npg_port = 6000\npg_password = s\npg_ssl = on\npg_ro_ssl = off\n"
            "pg_ro_timeout = 1000\n"
        )
    )
    assert settings is not None
    assert settings.hosts == (("r", 6000),)
    assert (settings.password, settings.ssl, settings.timeout) == ("s", False, 1.0)


def test_no_timeout_is_a_long_one() -> None:
    """0 does not mean that every query fails."""
    assert primary_settings(conf("pg_timeout = 0\n")).timeout == 60.0
