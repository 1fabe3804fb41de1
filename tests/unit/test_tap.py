"""``twistd kong``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from twisted.application.service import Application as TwistedApplication
from twisted.application.service import IService
from twisted.logger import ILogObserver
from twisted.python.usage import UsageError

from tests.kit.nodes import Signals, StubNode, StubReactor
from twisted_kong.core.conf.conf import Conf
from twisted_kong.node.error_log import ErrorLog
from twisted_kong.node.lifecycle import NodeService
from twisted_kong.node.notify import Watchdog
from twisted_kong.tap import Application, ExitCode, Options, make_application, open_error_log

QUIET = "proxy_listen = 127.0.0.1:0\nadmin_listen = 127.0.0.1:0\n"


class Maker:
    """Stands for ``service.make_service``."""

    def __init__(self) -> None:
        self.conf: Conf | None = None
        self.error_log: ErrorLog | None = None

    def __call__(self, conf: Conf, reactor: Any, *, error_log: ErrorLog | None) -> NodeService:
        self.conf, self.error_log = conf, error_log
        return StubNode()  # type: ignore[return-value]


@pytest.fixture
def conf_file(tmp_path: Path) -> Path:
    """A kong.conf for a node in the test's directory."""
    path = tmp_path / "kong.conf"
    path.write_text(f"{QUIET}prefix = {tmp_path}/node\n")
    return path


def options(*arguments: str, **twistd: object) -> Options:
    """Parsed options, below those of twistd."""
    parsed = Options()
    parsed.parseOptions(arguments)
    parsed.parent = {"nodaemon": True, "logfile": None, "logger": None, "syslog": False, **twistd}
    return parsed


def make(parsed: Options, maker: Maker, environment: dict[str, str] | None = None) -> Application:
    """The application that twistd would run."""
    return make_application(parsed, maker, StubReactor(), environment or {}, ExitCode(), Signals().set)


def test_configuration_reaches_the_node(conf_file: Path) -> None:
    """File, prefix and single settings, the last one winning; the prefix is prepared."""
    maker = Maker()
    other = conf_file.parent / "other"
    parsed = options("-c", str(conf_file), "-p", str(other), "--set", "log_level=debug", "--log-files")
    application = make(parsed, maker)
    assert maker.conf is not None
    assert maker.conf.prefix == str(other)
    assert maker.conf.log_level == "debug"
    assert (other / "kong.id").exists()
    assert maker.error_log is not None
    maker.error_log.close()
    assert not application.running


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("log_level = loud", "log_level has an invalid value: 'loud'"),
        ("database = cassandra", "database = cassandra is not available in this version yet"),
        ("error_template_html = /nowhere", "error_template_html: cannot read /nowhere"),
        ("prefix = /proc/kong", "cannot prepare the prefix /proc/kong"),
        ("proxy_error_log = nowhere/x", "cannot open the error log"),
    ],
)
def test_unusable_configuration_ends_with_one_line(conf_file: Path, text: str, line: str) -> None:
    """SystemExit with a text is one line on standard error and exit code 1."""
    conf_file.write_text(f"{conf_file.read_text()}{text}\n")
    with pytest.raises(SystemExit) as exit_:
        make(options("-c", str(conf_file), "--log-files"), Maker())
    assert str(exit_.value.code).startswith("Error: ")
    assert line in str(exit_.value.code)
    assert "\n" not in str(exit_.value.code)


def test_setting_without_value_is_a_usage_error() -> None:
    """twistd shows how it is meant."""
    with pytest.raises(UsageError, match="--set takes name=value, not 'x'"):
        options("--set", "x")


def test_merged_settings_exclude_other_sources() -> None:
    """What kong start merged must not be changed again."""
    with pytest.raises(UsageError, match="--kong-env is the only source"):
        options("--kong-env", "/x/.kong_env", "-c", "/y")


def test_merged_settings_are_read(conf_file: Path) -> None:
    """The environment does not count then."""
    maker = Maker()
    make(options("--kong-env", str(conf_file)), maker, {"KONG_LOG_LEVEL": "debug"})
    assert maker.conf is not None
    assert maker.conf.log_level == "notice"
    assert maker.error_log is not None
    maker.error_log.close()


def test_reload_reads_the_file_again(conf_file: Path) -> None:
    """HUP sees what was changed in it."""
    application = make(options("-c", str(conf_file), "--log-files"), maker := Maker())
    conf_file.write_text(f"{conf_file.read_text()}log_level = crit\n")
    (node,) = application.services
    application.startService()
    node.ready.callback(None)
    application.reload()
    assert node.reloaded[0].log_level == "crit"
    assert maker.error_log is not None
    maker.error_log.close()


def test_watchdog_is_there_when_systemd_wants_it(conf_file: Path) -> None:
    """And only then."""
    application = make(options("-c", str(conf_file), "--log-files"), maker := Maker())
    assert not any(isinstance(service, Watchdog) for service in application)
    watched = make(
        options("-c", str(conf_file), "--log-files"), second := Maker(), {"WATCHDOG_USEC": "1000000"}
    )
    assert any(isinstance(service, Watchdog) for service in watched)
    for log in (maker.error_log, second.error_log):
        assert log is not None
        log.close()


def test_twistd_finds_the_error_log(conf_file: Path) -> None:
    """It asks the application for a log once the service has joined it."""
    service = make(options("-c", str(conf_file), "--log-files"), maker := Maker())
    application = TwistedApplication("kong")
    service.setServiceParent(application)
    assert application.getComponent(ILogObserver) is maker.error_log
    assert list(IService(application)) == [service]  # type: ignore[call-overload]
    assert maker.error_log is not None
    maker.error_log.close()


def test_logger_of_twistd_wins(conf_file: Path) -> None:
    """--logger and --syslog leave nothing to us."""
    for chosen in ({"logger": "x"}, {"syslog": True}):
        parsed = options("-c", str(conf_file), **chosen)
        conf = parsed.source().read({}).conf
        assert open_error_log(parsed, conf) is None


@pytest.mark.parametrize(
    ("arguments", "twistd", "file"),
    [
        ((), {"nodaemon": False}, "node/logs/error.log"),
        (("--log-files",), {}, "node/logs/error.log"),
        ((), {"logfile": "{tmp}/twistd.log"}, "twistd.log"),
    ],
)
def test_where_the_log_goes(
    conf_file: Path, arguments: tuple[str, ...], twistd: dict[str, Any], file: str
) -> None:
    """A daemon logs where kong.conf says, twistd's --logfile wins."""
    tmp = conf_file.parent
    given = {
        name: value.format(tmp=tmp) if isinstance(value, str) else value for name, value in twistd.items()
    }
    make(options("-c", str(conf_file), *arguments, **given), maker := Maker())
    assert maker.error_log is not None
    maker.error_log.close()
    assert (tmp / file).exists()


def test_rotated_log_is_opened_anew(conf_file: Path) -> None:
    """With the node's own logs; one that cannot be opened any more stays as it is."""
    application = make(options("-c", str(conf_file), "--log-files"), maker := Maker())
    log = conf_file.parent / "node" / "logs" / "error.log"
    log.rename(f"{log}.1")
    application.reopen_logs()
    assert log.exists()
    log.unlink()
    log.parent.rename(f"{log.parent}.away")
    application.reopen_logs()
    (node,) = application.services
    assert node.reopened == 2
    assert maker.error_log is not None
    maker.error_log.close()


def test_exit_code_is_applied_at_the_end() -> None:
    """Only a failure needs more than twistd does by itself."""
    left: list[int] = []
    code = ExitCode(left.append)
    code.apply()
    assert left == []
    code.set(1)
    code.apply()
    assert left == [1]


def test_importing_chooses_no_reactor() -> None:
    """--reactor would come too late otherwise."""
    program = "import sys, twisted_kong.tap; sys.exit('twisted.internet.reactor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
