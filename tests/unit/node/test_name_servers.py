"""Questions to name servers."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.names import dns
from twisted.names.error import DNSNameError, DNSServerError

from tests.kit.deferreds import failure_of, success_of
from twisted_kong.core.names.records import Reply, Service
from twisted_kong.core.names.system_files import ResolvConf
from twisted_kong.node.lookups import NoAnswer, NoSuchName
from twisted_kong.node.name_servers import NameServers


class Client:
    """Answers what it is given, in turn."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int, list[float]]] = []

    def query(self, query: dns.Query, timeout: list[float]) -> Any:
        """Twisted's ``IResolver``."""
        self.asked.append((query.name.name.decode(), query.type, timeout))
        answer = self.answers.pop(0)
        if isinstance(answer, Deferred):
            return answer
        return fail(answer) if isinstance(answer, Exception) else succeed((answer, [], []))


def record(payload: Any, ttl: int = 60, name: str = "a.test") -> dns.RRHeader:
    """A record as a server sends it."""
    return dns.RRHeader(name, payload.TYPE, dns.IN, ttl, payload)


def servers(*answers: Any) -> tuple[NameServers, Client]:
    """Servers that answer so."""
    made, client = NameServers(ResolvConf(timeout=3.0, attempts=2), Clock()), Client(*answers)
    made._client = client
    return made, client


def test_each_kind_of_record() -> None:
    """Others that come along are passed over, but for their time to live."""
    alias, four = record(dns.Record_CNAME("b.test"), 5), record(dns.Record_A("10.0.0.1"), 60)
    six = record(dns.Record_AAAA("2001:db8::1"), 7)
    service = record(dns.Record_SRV(1, 2, 3, "c.test"), 9)
    made, client = servers([alias, four], [six], [service])
    assert success_of(made.ask("a.test", "A")) == Reply(("10.0.0.1",), 5.0)
    assert success_of(made.ask("a.test", "AAAA")) == Reply(("2001:db8::1",), 7.0)
    assert success_of(made.ask("a.test", "SRV")) == Reply((Service(1, 2, 3, "c.test"),), 9.0)
    assert client.asked[0] == ("a.test", dns.A, [3.0, 3.0])


def test_an_alias_that_the_server_did_not_follow() -> None:
    """Is followed here; but not round and round."""
    alias = record(dns.Record_CNAME("b.test"))
    made, client = servers([alias], [record(dns.Record_A("10.0.0.1"), name="b.test")])
    assert success_of(made.ask("a.test", "A")).records == ("10.0.0.1",)
    assert [name for name, *_ in client.asked] == ["a.test", "b.test"]
    failure_of(servers(*[[alias]] * 20)[0].ask("a.test", "A"), NoSuchName)


@pytest.mark.parametrize(
    ("answer", "raised"),
    [([], NoSuchName), (DNSNameError(), NoSuchName), (DNSServerError(), NoAnswer), (OSError(), NoAnswer)],
)
def test_no_records(answer: Any, raised: type[Exception]) -> None:
    """That there are none is told from that nobody can say."""
    failure_of(servers(answer)[0].ask("a.test", "A"), raised)


def test_what_is_no_name_does_not_exist() -> None:
    """It is not even asked for."""
    for name in ("a..test", "x" * 64):
        failure_of(servers()[0].ask(name, "A"), NoSuchName)


def test_whoever_waits_is_told_when_it_is_over() -> None:
    """No answer is waited for any more, and nobody is asked."""
    never: Deferred[Any] = Deferred()
    made, client = servers(never)
    waiting = Deferred.fromCoroutine(made.ask("a.test", "A"))
    made.stop()
    failure_of(waiting, NoAnswer)
    failure_of(made.ask("b.test", "A"), NoAnswer)
    assert len(client.asked) == 1


def test_no_timer_is_left() -> None:
    """twisted.names has one for each question, and never cancels it by itself."""
    clock = Clock()
    made = NameServers(ResolvConf(), clock)
    called: list[int] = []
    for n in (1, 2, 3):
        made._timed.callLater(n, called.append, n)
    clock.advance(1)
    made.stop()
    assert (called, clock.getDelayedCalls()) == ([1], [])
