"""What browsers are told, and what they tell."""

from __future__ import annotations

import pytest

from twisted_kong.admin.browsers import EXPOSED, Header, grants, is_embedded, is_preflight, options_fields

ALLOWED = "https://gui.example.com"


def said(**fields: str) -> Header:
    """The headers of a request, by names with underscores."""
    return lambda name: fields.get(name.decode().replace("-", "_"))


@pytest.mark.parametrize(
    "fields",
    [
        {"sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"},
        {"sec_fetch_mode": "no-cors", "sec_fetch_dest": "script"},
        {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
        {"sec_fetch_mode": "websocket", "sec_fetch_dest": "websocket"},
        {},
    ],
)
def test_what_pages_of_other_sites_embed_is_known(fields: dict[str, str]) -> None:
    """An image, a script, a frame of another site's page has no Origin, but is told of."""
    assert is_embedded(b"GET", said(sec_fetch_site="cross-site", **fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors", "origin": ALLOWED},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors"},
        {"sec_fetch_site": "same-origin", "sec_fetch_mode": "cors"},
        {"sec_fetch_site": "none", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"},
        {},
    ],
)
def test_what_is_no_embedding_may_pass(fields: dict[str, str]) -> None:
    """Links that are followed, pages of a known origin, our own pages, and whatever is no browser."""
    assert not is_embedded(b"GET", said(**fields))


def test_only_reading_may_come_of_a_link() -> None:
    """A form of another site that gives no Origin does not pass for a link."""
    visit = said(sec_fetch_site="cross-site", sec_fetch_mode="navigate", sec_fetch_dest="document")
    assert is_embedded(b"POST", visit)


def test_a_page_of_a_known_origin_may_read_headers_too() -> None:
    """Without an Origin nobody asks for that."""
    assert grants("*", said()) == (
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Credentials", "true"),
    )
    assert grants(ALLOWED, said(origin=ALLOWED))[-1] == ("Access-Control-Expose-Headers", EXPOSED)
    for name in ("ETag", "X-Kong-Position", "X-Kong-Applied"):
        assert name in EXPOSED


def test_preflights_are_told_from_other_options() -> None:
    """By the method that they ask for."""
    assert is_preflight(b"OPTIONS", said(access_control_request_method="PUT"))
    assert not is_preflight(b"OPTIONS", said())
    assert not is_preflight(b"PUT", said(access_control_request_method="PUT"))


def test_a_preflight_is_granted_what_it_asks_for() -> None:
    """The headers, and the way into this network, which only a page with an Origin can ask for."""
    asked = "content-type, if-match, kong-admin-token, authorization"
    fields = dict(options_fields("GET, OPTIONS", said(access_control_request_headers=asked)))
    assert fields["Access-Control-Allow-Headers"] == asked
    assert fields["Allow"] == fields["Access-Control-Allow-Methods"] == "GET, OPTIONS"
    network = {"access_control_request_private_network": "true"}
    assert dict(options_fields("GET", said(origin=ALLOWED, **network)))[
        "Access-Control-Allow-Private-Network"
    ]
    assert "Access-Control-Allow-Private-Network" not in dict(options_fields("GET", said(**network)))
