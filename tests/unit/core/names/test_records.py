"""Answers of name servers."""

from __future__ import annotations

from twisted_kong.core.names.records import Place, Service, ip_of, preferred


def test_only_the_best_priority_counts() -> None:
    """The lowest number; no weight is 1."""
    one, two, three = Service(2, 5, 1, "a"), Service(1, 0, 2, "b"), Service(1, 7, 3, "c")
    assert preferred([one, two, three]) == [two._replace(weight=1), three]
    assert preferred([]) == []


def test_an_address_is_an_address() -> None:
    """Wherever it comes from."""
    assert ip_of("10.0.0.1") == ip_of(Place("10.0.0.1", 80, 1, "a")) == "10.0.0.1"
