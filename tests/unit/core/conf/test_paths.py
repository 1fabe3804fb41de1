"""Where things lie below the prefix."""

from __future__ import annotations

from twisted_kong.core.conf.paths import PrefixPaths

PATHS = PrefixPaths("/var/lib/kong")


def test_names_are_kongs() -> None:
    """Tools that look for Kong's files find them."""
    assert PATHS.pid_file == "/var/lib/kong/pids/nginx.pid"
    assert PATHS.kong_env == "/var/lib/kong/.kong_env"
    assert PATHS.kong_id == "/var/lib/kong/kong.id"
    assert PATHS.start_lock == "/var/lib/kong/pids/start.lock"
    assert PATHS.waiting == "/var/lib/kong/pids/waiting"
    assert PATHS.start_log == "/var/lib/kong/logs/start.log"
    assert PATHS.directories == tuple(f"/var/lib/kong/{name}" for name in ("pids", "logs", "ssl", "sockets"))


def test_absolute_paths_stand() -> None:
    """Only relative paths are below the prefix."""
    assert PATHS.below("logs/x") == "/var/lib/kong/logs/x"
    assert PATHS.below("/dev/stdout") == "/dev/stdout"


def test_generated_certificates() -> None:
    """One pair per group of listeners and key type."""
    assert PATHS.certificate("") == (
        "/var/lib/kong/ssl/kong-default.crt",
        "/var/lib/kong/ssl/kong-default.key",
    )
    assert PATHS.certificate("admin", "ecdsa")[0] == "/var/lib/kong/ssl/admin-kong-default-ecdsa.crt"
