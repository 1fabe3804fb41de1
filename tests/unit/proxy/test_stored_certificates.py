"""Contexts of stored certificates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from OpenSSL import SSL
from twisted.logger import LogLevel

from tests.kit.logs import captured_lines
from tests.kit.tls_clients import key_pair
from twisted_kong.node.certificates import KeyPair
from twisted_kong.proxy.stored_certificates import StoredCertificates
from twisted_kong.proxy.tls_contexts import show


class Store:
    """Rows by name, and how often a context was made."""

    def __init__(self, *names: str, kept: int = 10) -> None:
        self.rows = {name: row(name) for name in names}
        self.made: list[Sequence[KeyPair]] = []
        self.contexts = StoredCertificates(self.rows.get, self.make, kept=kept)

    def make(self, pairs: Sequence[KeyPair]) -> SSL.Context:
        self.made.append(pairs)
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        show(context, pairs)
        return context


def row(name: str, **changes: Any) -> dict[str, Any]:
    """A Certificate for a name, with that as its id."""
    pair = key_pair(name)
    return {"id": name, "cert": pair.certificate.decode(), "key": pair.key.decode(), **changes}


def test_a_context_is_made_once() -> None:
    """When it is first asked for; there is none for a name without a Certificate."""
    store = Store("a.test")
    assert store.made == []
    context = store.contexts.context_for("a.test")
    assert context is not None
    assert store.contexts.context_for("a.test") is context
    assert store.contexts.context_for("b.test") is None
    assert len(store.made) == 1


def test_a_change_counts_at_once() -> None:
    """Whether or not anybody tells of it: another row is another context."""
    store = Store("a.test")
    context = store.contexts.context_for("a.test")
    store.rows["a.test"] = row("a.test")
    assert store.contexts.context_for("a.test") not in (context, None)
    store.contexts.forget("a.test")
    store.contexts.context_for("a.test")
    store.contexts.clear()
    store.contexts.context_for("a.test")
    assert len(store.made) == 4
    store.contexts.forget("unknown")


def test_those_in_use_are_kept() -> None:
    """Of more names than there is room for, those that were asked for lately."""
    store = Store("a.test", "b.test", "c.test", kept=2)
    for name in ("a.test", "b.test", "a.test", "c.test", "a.test"):
        store.contexts.context_for(name)
    assert len(store.made) == 3
    store.contexts.context_for("b.test")
    assert len(store.made) == 4


def test_both_kinds_are_shown() -> None:
    """``cert_alt`` and ``key_alt``, where they are set."""
    store = Store()
    second = key_pair("second.test")
    alternative = {"cert_alt": second.certificate.decode(), "key_alt": second.key.decode()}
    store.rows["a.test"] = row("a.test", **alternative)
    store.rows["b.test"] = row("b.test", cert_alt=None, key_alt=None)
    store.contexts.context_for("a.test")
    store.contexts.context_for("b.test")
    assert [list(pairs) for pairs in store.made] == [[key_pair("a.test"), second], [key_pair("b.test")]]


UNREADABLE = "its certificate or key cannot be read"


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"cert": ""}, UNREADABLE),
        ({"cert": "nonsense"}, UNREADABLE),
        ({"key": ""}, UNREADABLE),
        ({"key": "nonsense"}, UNREADABLE),
        ({"key": key_pair("other.test").key.decode()}, "key values mismatch"),
        ({"cert_alt": key_pair("c.test").certificate.decode(), "key_alt": None}, UNREADABLE),
    ],
)
def test_a_broken_one_is_told_of_once(broken: dict[str, Any], why: str) -> None:
    """Clients are shown the listener's own instead, until it is mended; no key gets into the log."""
    store = Store()
    store.rows["a.test"] = row("a.test", **broken)
    with captured_lines(LogLevel.error) as lines:
        assert store.contexts.context_for("a.test") is None
        assert store.contexts.context_for("a.test") is None
    assert len(lines) == 1
    assert "certificate a.test cannot be used for a.test" in lines[0]
    assert lines[0].endswith(f"({why})")
    store.rows["a.test"] = row("a.test")
    assert store.contexts.context_for("a.test") is not None


def test_a_chain_that_cannot_be_handed_over_is_told_of_too() -> None:
    """A disk that is full, or nowhere to write: the listener's own is shown then as well."""

    def fail(pairs: Sequence[KeyPair]) -> SSL.Context:
        raise OSError(28, "No space left on device")

    contexts = StoredCertificates({"a.test": row("a.test")}.get, fail)
    with captured_lines(LogLevel.error) as lines:
        assert contexts.context_for("a.test") is None
    assert lines[0].endswith("(its chain cannot be handed over: No space left on device)")
