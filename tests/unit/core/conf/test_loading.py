"""From sources to configuration."""

from __future__ import annotations

import pytest

from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.core.conf.problems import ConfError
from twisted_kong.core.conf.secret import Secret
from twisted_kong.core.conf.values import LogTarget


def errors(text: str = "", **environment: str) -> list[str]:
    """Everything that is wrong."""
    with pytest.raises(ConfError) as error:
        load_conf(Sources(text, environment=environment))
    return [str(problem) for problem in error.value.problems]


def warnings(text: str = "", **environment: str) -> list[str]:
    """Everything worth a warning."""
    return [str(problem) for problem in load_conf(Sources(text, environment=environment)).warnings]


def test_defaults_stand_without_any_source() -> None:
    """Nothing need be set, and nothing is warned of then."""
    loaded = load_conf(Sources())
    assert loaded.conf.prefix == "/usr/local/kong"
    assert loaded.conf.database == "sqlite"
    assert loaded.conf.sqlite_path == "/usr/local/kong/kong.sqlite"
    assert [listener.port for listener in loaded.conf.admin_listen] == [8001, 8444]
    assert {listener.host for listener in loaded.conf.admin_listen} == {"127.0.0.1"}
    assert loaded.warnings == ()


def test_precedence() -> None:
    """default < file < environment < command line."""
    sources = {
        "text": "log_level = info",
        "environment": {"KONG_LOG_LEVEL": "warn"},
        "options": {"log_level": "crit"},
    }
    assert load_conf(Sources()).conf.log_level == "notice"
    assert load_conf(Sources(sources["text"])).conf.log_level == "info"  # type: ignore[arg-type]
    del sources["options"]
    assert load_conf(Sources(**sources)).conf.log_level == "warn"  # type: ignore[arg-type]
    sources["options"] = {"log_level": "crit"}
    assert load_conf(Sources(**sources)).conf.log_level == "crit"  # type: ignore[arg-type]


def test_empty_values_do_not_count() -> None:
    """An empty variable leaves what the file says."""
    sources = Sources("log_level = info", environment={"KONG_LOG_LEVEL": " "}, options={"prefix": ""})
    assert load_conf(sources).conf.log_level == "info"


def test_environment_can_be_left_out() -> None:
    """A node that reads the merged settings must not mix them with its own environment."""
    sources = Sources(environment={"KONG_LOG_LEVEL": "warn"}, settings_from_environment=False)
    assert load_conf(sources).conf.log_level == "notice"


def test_alias_sets_its_target_unless_that_is_set_itself() -> None:
    """Kong's short names work, the full name wins."""
    assert load_conf(Sources("nginx_daemon = off")).conf.nginx_main_daemon is False
    both = load_conf(Sources("nginx_daemon = off\nnginx_main_daemon = on")).conf
    assert both.nginx_main_daemon is True
    assert both.settings["nginx_daemon"].text == "on"
    assert load_conf(Sources("nginx_worker_processes = auto")).conf.worker_processes is None


def test_deprecated_name_warns_and_works() -> None:
    """Kong's text."""
    loaded = load_conf(Sources("opentelemetry_tracing_sampling_rate = 0.5"))
    assert loaded.conf.tracing_sampling_rate == 0.5
    assert str(loaded.warnings[0]) == (
        "kong.conf:1: the 'opentelemetry_tracing_sampling_rate' configuration property is deprecated,"
        " use 'tracing_sampling_rate' instead"
    )


def test_all_errors_are_collected_with_their_places() -> None:
    """``kong check`` shows them at once."""
    assert errors("log_level = loud\nrubbish\n", KONG_PG_PORT="x") == [
        "kong.conf:2: not of the form name = value: 'rubbish'",
        "kong.conf:1: log_level has an invalid value: 'loud'"
        " (debug, info, notice, warn, error, crit, alert, emerg)",
        "KONG_PG_PORT: pg_port is not a number: 'x' (an integer)",
    ]


def test_cross_checks_run_on_well_formed_values() -> None:
    """Kong's text for a certificate without key."""
    assert errors("ssl_cert = /a.crt") == ["kong.conf:1: ssl_cert_key must be specified"]


def test_unknown_cipher_suite_is_an_error() -> None:
    """It names the line of the suite."""
    assert errors("\nssl_cipher_suite = strong") == ["kong.conf:2: Undefined cipher suite strong"]


def test_unknown_option_is_an_error() -> None:
    """Who sets a property on the command line meant it."""
    with pytest.raises(ConfError, match="--set nope: there is no property 'nope'"):
        load_conf(Sources(options={"nope": "1"}))


def test_setting_a_name_twice_warns() -> None:
    """The last line counts."""
    loaded = load_conf(Sources("log_level = info\nlog_level = warn"))
    assert loaded.conf.log_level == "warn"
    assert [str(problem) for problem in loaded.warnings] == [
        "kong.conf:2: log_level is set a second time; line 1 does not count"
    ]


def test_paths_are_below_the_prefix() -> None:
    """A relative prefix is below the working directory, a relative log below the prefix."""
    conf = load_conf(Sources("prefix = k/\nsqlite_path = /data/k.db", directory="/home/me")).conf
    assert conf.prefix == "/home/me/k"
    assert conf.sqlite_path == "/data/k.db"
    assert conf.config_cache_path == "/home/me/k/config.cache"
    assert conf.proxy_access_log == LogTarget("/home/me/k/logs/access.log")
    assert conf.status_access_log is None


def test_default_prefix_gives_way_to_a_given_one() -> None:
    """The shell may choose where nobody chose."""
    assert load_conf(Sources(default_prefix="/home/me/kong")).conf.prefix == "/home/me/kong"
    assert load_conf(Sources("prefix = /x", default_prefix="/y")).conf.prefix == "/x"


def test_references_are_resolved_from_the_environment() -> None:
    """Whole values and elements of lists; the masked view keeps the reference."""
    conf = load_conf(
        Sources(
            "pg_password = {vault://env/pass}\nplugins = bundled, {vault://env/extra}\nvault_env_prefix = X_",
            environment={"X_PASS": "hunter2", "X_EXTRA": "mine"},
        )
    ).conf
    assert conf.pg_password == Secret("hunter2")
    assert conf.plugins == ("bundled", "mine")
    assert conf.masked()["pg_password"] == "{vault://env/pass}"
    assert "hunter2" not in repr(conf)


def test_unresolvable_reference_aborts_with_kongs_text() -> None:
    """Reference, reason and option are named."""
    assert errors("pg_password = {vault://env/pass}") == [
        "kong.conf:1: failed to dereference '{vault://env/pass}': environment variable PASS is not set"
        " for config option 'pg_password'"
    ]


def test_error_about_a_resolved_value_does_not_tell_it() -> None:
    """What a reference leads to may be a secret even where none belongs."""
    (message,) = errors("pg_port = {vault://env/pass}", PASS="hunter2")
    assert "hunter2" not in message


def test_dynamic_settings_are_kept() -> None:
    """Injected directives are accepted from file and environment, and warned of once each."""
    loaded = load_conf(Sources("nginx_http_gzip = on", environment={"KONG_NGINX_PROXY_X": "1"}))
    assert {name: setting.text for name, setting in loaded.conf.dynamic.items()} == {
        "nginx_http_gzip": "on",
        "nginx_proxy_x": "1",
    }
    assert len(loaded.warnings) == 2


def test_warnings_of_all_kinds_come_together() -> None:
    """Unknown, without effect yet, ignored."""
    text = "databse = x\nproxy_stream_access_log = x\nlua_package_path = /x"
    assert warnings(text) == [
        "kong.conf:1: unknown property 'databse' is ignored; did you mean 'database'?",
        "kong.conf:2: proxy_stream_access_log has no effect in this version yet",
        "kong.conf:3: lua_package_path is ignored: it tunes Lua, which is not used",
    ]
