"""Tests of the operations of a batch as its body lists them."""

from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.admin.bodies import Body
from twisted_kong.admin.etags import conditions_in
from twisted_kong.admin.failures import Refused
from twisted_kong.admin.operations import MOST, Operation, operations_in

GET = {"method": "GET", "path": "/services"}


def test_operations_are_taken_apart() -> None:
    """Each has its method, path, query, body and conditions."""
    given = [
        {"method": "GET", "path": "/services?size=2"},
        {
            "method": "PUT",
            "path": "/services/x",
            "body": {"host": "h"},
            "if_match": '"a"',
            "if_none_match": None,
        },
        {"method": "DELETE", "path": "/services/x", "body": None},
    ]
    assert operations_in(Body({"operations": given})) == [
        Operation("GET", "/services", [("size", "2")]),
        Operation("PUT", "/services/x", [], {"host": "h"}, conditions_in(['"a"'], [])),
        Operation("DELETE", "/services/x"),
    ]


@pytest.mark.parametrize("given", [None, [], {}, "x", [GET] * (MOST + 1)])
def test_what_is_no_list_of_operations(given: Any) -> None:
    """One to a thousand operations make a batch."""
    with pytest.raises(Refused) as caught:
        operations_in(Body({"operations": given}))
    assert (caught.value.status, caught.value.text) == (
        400,
        "operations must be a list of 1 to 1000 operations, in JSON",
    )


def test_a_form_is_no_batch() -> None:
    """Only JSON can say what an operation is."""
    with pytest.raises(Refused):
        operations_in(Body({}, [("operations", "x")]))
    with pytest.raises(Refused, match="more: unknown field"):
        operations_in(Body({"operations": [GET], "more": 1}))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("x", "must be an object with method and path"),
        ({**GET, "verb": 1}, "verb: unknown field"),
        ({**GET, "method": "get"}, "method must be one of GET, POST, PUT, PATCH, DELETE"),
        ({**GET, "method": ["GET"]}, "method must be one of GET, POST, PUT, PATCH, DELETE"),
        ({**GET, "path": "services"}, "path must be a text that begins with a slash"),
        ({**GET, "path": 1}, "path must be a text that begins with a slash"),
        ({"method": "PUT", "path": "/a?dry_run=1"}, "path: only a GET has a query string"),
        ({**GET, "body": {}}, "a GET has no body"),
        ({"method": "DELETE", "path": "/a", "body": {}}, "a DELETE has no body"),
        ({"method": "PUT", "path": "/a", "body": []}, "body must be an object"),
        ({**GET, "if_match": 1}, "if_match must be a text"),
        ({**GET, "if_match": "x"}, 'If-Match must be * or a list of entity tags, like "abc"'),
    ],
)
def test_what_is_no_operation(given: Any, reason: str) -> None:
    """What is wrong is told with the number of the operation."""
    with pytest.raises(Refused) as caught:
        operations_in(Body({"operations": [GET, given]}))
    assert (caught.value.status, caught.value.text) == (400, f"operations[1]: {reason}")
