"""The life of a node as a process."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest
from twisted.internet.error import CannotListenError
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import implementer

from tests.kit.nodes import Signals, StubNode, StubReactor
from twisted_kong.core.conf.loading import Loaded, Sources, load_conf
from twisted_kong.core.conf.problems import ConfError, Problem
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.node.lifecycle import CannotStart, Lifecycle, World
from twisted_kong.node.notify import ServiceManager
from twisted_kong.node.prefix import PrefixError


class Process:
    """A lifecycle with everything around it."""

    def __init__(self) -> None:
        self.node = StubNode()
        self.reactor = StubReactor()
        self.signals = Signals()
        self.told: list[str] = []
        self.lines: list[str] = []
        self.exit_code = 0
        self.noted: list[str | None] = []
        self.reread: Callable[[], Loaded] = lambda: load_conf(Sources("log_level = warn"))
        manager = ServiceManager("a", lambda: 0, self._tell)
        world = World(
            self.reactor, manager, self.signals.set, self.lines.append, self._exit_with, self.noted.append
        )
        self.lifecycle = Lifecycle(self.node, lambda: self.reread(), world)  # type: ignore[arg-type]

    def _tell(self, address: str, message: bytes) -> None:
        self.told.append(message.decode().partition("\n")[0])

    def _exit_with(self, code: int) -> None:
        self.exit_code = code

    def up(self) -> Process:
        """Started and ready."""
        self.lifecycle.startService()
        self.node.ready.callback(None)
        return self


@implementer(ILogObserver)
class Logged:
    """What was logged, as text."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.failures = 0

    def __call__(self, event: LogEvent) -> None:
        self.texts.append(formatEvent(event))
        self.failures += "log_failure" in event


@pytest.fixture
def logged() -> Iterator[Logged]:
    """Observes the log during a test."""
    observer = Logged()
    globalLogPublisher.addObserver(observer)
    yield observer
    globalLogPublisher.removeObserver(observer)


def test_ready_is_told_only_when_the_node_is() -> None:
    """Starting is not enough: listeners may still fail."""
    process = Process()
    process.lifecycle.startService()
    assert process.told == []
    process.node.ready.callback(None)
    assert process.told == ["READY=1"]
    assert process.exit_code == 0


def test_node_that_waits_is_told_of() -> None:
    """Whoever started it hears why it is not ready yet, but nothing more once it is told to stop."""
    process = Process()
    process.lifecycle.startService()
    process.node.waits("PostgreSQL at db:5432:\n Connection refused")
    assert process.told == ["STATUS=waiting: PostgreSQL at db:5432: Connection refused"]
    process.lifecycle.quit()
    process.node.waits("again")
    assert process.told[1:] == ["STOPPING=1"]


@pytest.mark.parametrize("stopped", [True, False])
def test_that_a_node_waits_is_noted_until_it_does_not(stopped: bool) -> None:
    """For ``kong health``: until the node is ready or stops."""
    process = Process()
    process.lifecycle.startService()
    process.node.waits("Connection\nrefused")
    assert process.noted == ["Connection refused"]
    if stopped:
        process.lifecycle.stopService()
    else:
        process.node.ready.callback(None)
    assert process.noted == ["Connection refused", None]


@pytest.mark.parametrize(
    "error",
    [
        CannotListenError("127.0.0.1", 8000, OSError(98, "Address already in use")),
        DatabaseUnavailable("the database file x is read-only"),
        OSError(28, "No space left on device"),
        CannotStart("the database takes too long"),
    ],
)
def test_failed_start_is_one_line_and_ends_the_process(error: Exception, logged: Logged) -> None:
    """The reason goes to the log, to standard error and to whoever waits; no traceback, exit code 1."""
    process = Process()
    process.lifecycle.startService()
    process.node.ready.errback(error)
    (line,) = process.lines
    assert line == f"Error: {error}"
    assert process.told == [f"STATUS={line}"]
    assert process.exit_code == 1
    assert process.reactor.stops == 1
    assert logged.failures == 0


def test_node_that_fails_at_once_is_told_as_well() -> None:
    """The start itself may already find out."""
    process = Process()
    process.node.start_error = DatabaseUnavailable("no file")
    process.lifecycle.startService()
    assert process.lines == ["Error: no file"]
    assert process.exit_code == 1


def test_unexpected_error_shows_its_traceback_in_the_log(logged: Logged) -> None:
    """A fault of ours must be found; the operator still gets one line."""
    process = Process()
    process.lifecycle.startService()
    process.node.ready.errback(ZeroDivisionError("oops"))
    assert process.lines == ["Error: oops"]
    assert logged.failures == 1


def test_failure_after_the_stop_is_no_news() -> None:
    """Who stops a node while it starts does not want to hear that it did not start."""
    process = Process()
    process.lifecycle.startService()
    process.lifecycle.stopService()
    process.node.ready.errback(DatabaseUnavailable("gone"))
    assert process.lines == []
    assert process.exit_code == 0


def test_quit_drains_first() -> None:
    """QUIT stops the reactor once the requests under way are answered; a second one changes nothing."""
    process = Process().up()
    process.signals.send(signal.SIGQUIT)
    process.signals.send(signal.SIGQUIT)
    assert process.reactor.stops == 0
    process.node.drained.callback(None)
    assert process.reactor.stops == 1
    assert process.told == ["READY=1", "STOPPING=1"]


def test_quit_stops_even_if_draining_fails(logged: Logged) -> None:
    """A process that was asked to go goes."""
    process = Process().up()
    process.signals.send(signal.SIGQUIT)
    process.node.drained.errback(ZeroDivisionError())
    assert process.reactor.stops == 1
    assert logged.failures == 1


def test_hup_hands_the_node_a_new_configuration() -> None:
    """RELOADING and READY surround it, as systemd wants."""
    process = Process().up()
    process.signals.send(signal.SIGHUP)
    assert [conf.log_level for conf in process.node.reloaded] == ["warn"]
    assert process.told == ["READY=1", "RELOADING=1", "READY=1"]


def test_unusable_configuration_changes_nothing(logged: Logged) -> None:
    """As with nginx: every problem is logged and the node runs on as it was."""
    process = Process().up()

    def fail() -> Loaded:
        raise ConfError([Problem("one"), Problem("two")])

    process.reread = fail
    process.signals.send(signal.SIGHUP)
    assert process.node.reloaded == []
    assert "not reloaded: one" in logged.texts
    assert "not reloaded: two" in logged.texts
    assert process.told[-1] == "READY=1"


def test_failing_reload_is_survived(logged: Logged) -> None:
    """An error in a node's reload is logged, and the next reload works."""
    process = Process().up()
    process.node.reload_error = ZeroDivisionError()
    process.signals.send(signal.SIGHUP)
    process.node.reload_error = None
    process.signals.send(signal.SIGHUP)
    assert len(process.node.reloaded) == 2
    assert logged.failures == 1


def test_certificate_that_cannot_be_renewed_is_one_line(logged: Logged) -> None:
    """What the node cannot take over for a reason outside of it is told like a bad property."""
    process = Process().up()
    process.node.reload_error = PrefixError("cannot use the certificate x")
    process.signals.send(signal.SIGHUP)
    assert "not reloaded: cannot use the certificate x" in logged.texts
    assert "configuration reloaded" not in logged.texts
    assert logged.failures == 0


def test_reload_during_a_reload_comes_afterwards() -> None:
    """Two at a time would mix; none may be lost."""
    process = Process().up()
    again = [process.lifecycle.reload]

    def reread() -> Loaded:
        while again:
            again.pop()()
        return load_conf(Sources())

    process.reread = reread
    process.signals.send(signal.SIGHUP)
    assert len(process.node.reloaded) == 2
    assert process.told.count("RELOADING=1") == 2


def test_usr1_reopens_logs_and_usr2_does_nothing() -> None:
    """Log rotation as with nginx; a binary upgrade must not kill the node."""
    process = Process().up()
    process.signals.send(signal.SIGUSR1)
    process.signals.send(signal.SIGUSR2)
    assert process.node.reopened == 1
    assert process.reactor.stops == 0


def test_stop_stops_the_node() -> None:
    """The reactor's own handlers of TERM and INT lead here."""
    process = Process().up()
    process.lifecycle.stopService()
    assert not process.node.running
    assert process.told == ["READY=1", "STOPPING=1"]


def test_nothing_is_reloaded_while_leaving() -> None:
    """A late HUP is ignored."""
    process = Process().up()
    process.lifecycle.stopService()
    process.signals.send(signal.SIGHUP)
    process.signals.send(signal.SIGQUIT)
    assert process.node.reloaded == []


def test_reload_while_starting_comes_afterwards() -> None:
    """The node is not there to be told yet."""
    process = Process()
    process.lifecycle.startService()
    process.signals.send(signal.SIGHUP)
    assert process.node.reloaded == []
    process.node.ready.callback(None)
    assert len(process.node.reloaded) == 1


def test_quit_while_starting_stops_at_once() -> None:
    """There are no requests under way."""
    process = Process()
    process.lifecycle.startService()
    process.signals.send(signal.SIGQUIT)
    assert process.reactor.stops == 1
    process.node.ready.callback(None)
    assert process.told == ["STOPPING=1"]
