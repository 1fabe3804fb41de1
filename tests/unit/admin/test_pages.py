"""Pages and the links between them."""

from __future__ import annotations

import pytest

from twisted_kong.admin.failures import Refused
from twisted_kong.admin.pages import PageRequest, page_body, page_request, sorted_page_request
from twisted_kong.core.errors import InvalidOptions, InvalidSize


def test_a_page_is_asked_for_by_size_offset_and_tags() -> None:
    """Size, offset and tags are taken as they were sent; all else is ignored."""
    asked = page_request({"size": "3", "offset": "x", "tags": "a,b", "sort_desc": "x", "name": "y"})
    assert asked == PageRequest("3", "x", "a,b")
    assert asked.wanted == "3"
    assert page_request({}).wanted == 100


def test_the_order_can_be_turned_round() -> None:
    """Where a collection can be sorted, sort_desc is a yes or a no; all else is as anywhere."""
    assert sorted_page_request([("size", "3"), ("sort_desc", "1")]) == PageRequest("3", descending=True)
    assert sorted_page_request([("sort_desc", "true")]).descending
    for query in ([], [("sort_desc", "0")], [("sort_desc", "false")]):
        assert not sorted_page_request(query).descending
    with pytest.raises(Refused, match="sort_desc must be 1"):
        sorted_page_request([("sort_desc", "desc")])
    with pytest.raises(InvalidSize):
        sorted_page_request([("size", "1"), ("size", "2")])


def test_ambiguous_requests_are_refused() -> None:
    """A size or a tag filter given twice is refused; of several offsets the last counts."""
    with pytest.raises(InvalidSize, match="size must be a number"):
        page_request({"size": ["1", "2"]})
    with pytest.raises(InvalidOptions, match="invalid filter syntax"):
        page_request({"tags": ["a", "b"]})
    assert page_request({"offset": ["a", "b"]}).offset == "b"


def test_the_last_page_has_no_link() -> None:
    """Where nothing follows there is neither link nor offset."""
    assert page_body([1], None, "/services", PageRequest()) == {"data": [1], "next": None}


def test_the_link_repeats_what_was_asked_for() -> None:
    """The link to the next page has the offset, the tags and the size, escaped."""
    body = page_body([], "a=/+", "/services", PageRequest("2", None, "t 1/t2"))
    assert body == {
        "data": [],
        "offset": "a=/+",
        "next": "/services?offset=a%3D%2F%2B&tags=t%201%2Ft2&size=2",
    }


def test_the_link_of_children_has_no_size() -> None:
    """Below a parent the link loses the size, as in Kong, but keeps the tag filter."""
    body = page_body([], "o", "/services/s/routes", PageRequest("2", None, "t"), nested=True)
    assert body["next"] == "/services/s/routes?offset=o&tags=t"


def test_the_link_keeps_the_order() -> None:
    """Who follows the links of a list with the last ids first gets on in that order, below a parent too."""
    asked = PageRequest("2", None, "t", descending=True)
    assert page_body([], "o", "/routes", asked)["next"] == "/routes?offset=o&sort_desc=1&tags=t&size=2"
    nested = page_body([], "o", "/services/s/routes", asked, nested=True)
    assert nested["next"] == "/services/s/routes?offset=o&sort_desc=1&tags=t"
