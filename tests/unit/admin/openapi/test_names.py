"""Tests of names."""

from __future__ import annotations

import pytest

from twisted_kong.admin.openapi.names import component, noun, pascal, plural, singular, title, with_article


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("services", ("Service", "Services", "Services", "a Service")),
        ("key_sets", ("KeySet", "KeySets", "Key sets", "a Key set")),
        ("ca_certificates", ("CaCertificate", "CaCertificates", "CA certificates", "a CA certificate")),
        ("snis", ("Sni", "Snis", "SNIs", "an SNI")),
        ("acls", ("Acl", "Acls", "ACLs", "an ACL")),
        ("acme_storage", ("AcmeStorage", "AcmeStorage", "ACME storage", "an ACME storage entry")),
        ("upstreams", ("Upstream", "Upstreams", "Upstreams", "an Upstream")),
    ],
)
def test_kinds_are_called_so(kind: str, expected: tuple[str, ...]) -> None:
    """Components, operations, headings and sentences each have their form."""
    assert (component(kind), plural(kind), title(kind), with_article(noun(kind))) == expected


def test_words_are_joined() -> None:
    """A path becomes a name."""
    assert pascal("/debug/node/log-level") == "DebugNodeLogLevel"


def test_only_plurals_lose_their_letter() -> None:
    """A word that ends in s is not always one of many."""
    assert [singular(word) for word in ("routes", "address", "status", "log_level")] == [
        "route",
        "address",
        "status",
        "log_level",
    ]
