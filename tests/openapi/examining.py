"""Asks a node what its own OpenAPI document says one may ask, and holds the answers against that document.

Requests are made by schemathesis and hypothesis from a seed.  Paths mostly lead to entities that are there
and bodies are mostly good, since what is made up entirely only ever sees the first check.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from twisted_kong.admin.openapi.examples import example_of

DOCUMENTED = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Says 501 and nothing else, as Kong does: documented, and no failure of the server.
NEVER_THERE = "/status/dns"
# Yes, three times of four: of what is made up entirely next to nothing gets beyond the first check.
_MOSTLY = st.sampled_from([True, True, True, False])
# Seconds for one answer.
PATIENCE = 30

# What there is before each operation, in an order in which parents come first.  Entities without a name are
# made where a path asks for one and addressed by their id.
ENTITIES: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "services": ("/services", "orders", {"host": "orders.example.com"}),
    "routes": ("/routes", "orders", {"paths": ["/orders"], "service": {"name": "orders"}}),
    "consumers": ("/consumers", "alice", {}),
    "upstreams": ("/upstreams", "orders.internal", {}),
    "plugins": ("/plugins", "limit", {"name": "rate-limiting", "config": {"minute": 5}}),
    "key_sets": ("/key-sets", "partners", {}),
    "vaults": ("/vaults", "my-env", {"name": "env"}),
    "keyauth_credentials": ("/consumers/alice/key-auth", "alices-key", {}),
    "basicauth_credentials": ("/consumers/alice/basic-auth", "alice", {"password": "secret"}),
    "hmacauth_credentials": ("/consumers/alice/hmac-auth", "alice", {}),
    "jwt_secrets": ("/consumers/alice/jwt", "alice", {}),
    "targets": ("/upstreams/orders.internal/targets", "192.0.2.10:8080", {"target": "192.0.2.10:8080"}),
}
MADE_BY_POST = frozenset({"targets"})
OTHER_NAMES: Mapping[str, list[str]] = {
    "name": ["services", "routes", "plugins", "rate-limiting", "env"],
    "db_entity_name": ["services", "routes", "consumers", "vaults"],
    "log_level": ["notice", "debug", "loud"],
    "tags": ["team-a"],
    "address": ["192.0.2.10:8080"],
}


@dataclass
class Findings:
    """What was asked and what was wrong with the answers."""

    asked: int = 0
    operations: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)


class Examination:
    """One run against one node.

    :param url: where its Admin API is.
    """

    def __init__(self, url: str, chance: int = 0) -> None:
        self._url, self._chance = url, chance
        self._session = requests.Session()
        self.document = self._session.get(f"{url}/openapi.json", timeout=PATIENCE).json()
        self._schema = schemathesis.openapi.from_dict(self.document)
        self.findings = Findings()

    def run(self, examples: int, *, every: int = 1) -> Findings:
        """Ask at least so many times, of all operations or only of every so many-th."""
        chosen = list(self._operations())[self._chance % every :: every]
        each = math.ceil(examples / len(chosen))
        for index, operation in enumerate(chosen):
            self._examine(operation, each, index)
        return self.findings

    def _operations(self) -> Iterator[Any]:
        for result in self._schema.get_all_operations():
            yield result.ok()

    def _examine(self, operation: Any, examples: int, index: int) -> None:
        self.findings.operations += 1
        self._make_entities(operation.path)
        example = self._example(operation)
        positive = operation.as_strategy()
        strategies = [positive, positive, positive]
        if operation.query or operation.body:
            strategies.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))

        @seed(self._chance * 10_000 + index)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=st.one_of(*strategies), data=st.data())
        def ask(case: Case, data: st.DataObject) -> None:
            self._ask(_varied(case, example, data.draw))

        before = self.findings.asked
        ask()
        # An operation without arguments has one example only: it is asked again all the same.
        while self.findings.asked - before < examples:
            self._ask(operation.Case())

    def _example(self, operation: Any) -> Any:
        """The body that the document gives as an example of a good one."""
        told = self.document["paths"][operation.path][operation.method.lower()].get("requestBody")
        if told is None:
            return None
        return example_of(next(iter(told["content"].values()))["schema"], self.document)

    def _make_entities(self, path: str) -> None:
        for kind, (collection, name, record) in ENTITIES.items():
            if f"{{{kind}}}" in path or kind in ("services", "consumers", "upstreams"):
                if kind in MADE_BY_POST:
                    self._session.post(f"{self._url}{collection}", json=record, timeout=PATIENCE)
                else:
                    self._session.put(f"{self._url}{collection}/{name}", json=record, timeout=PATIENCE)

    def _ask(self, case: Case) -> None:
        self.findings.asked += 1
        label = f"{case.method} {case.path}"
        try:
            answer = case.call(base_url=self._url, session=self._session, timeout=PATIENCE)
        except requests.RequestException as error:
            self._found(label, type(error).__name__, f"{error}\n{case!r}")
            return
        self.findings.statuses[answer.status_code] += 1
        checks = (
            [*DOCUMENTED] if _is_asked_for(case, answer.status_code) else [not_a_server_error, *DOCUMENTED]
        )
        for check in checks:
            try:
                case.validate_response(answer, checks=[check])
            except (
                Exception,
                BaseExceptionGroup,
            ) as failure:  # whatever is wrong is told in the end, all of it
                self._found(label, check.__name__, str(failure))

    def _found(self, label: str, check: str, text: str) -> None:
        self.findings.failures.setdefault(f"{label}: {check}", text)


def _is_asked_for(case: Case, status: int) -> bool:
    """Whether a status that looks like a failure of the server is none."""
    if status == 504:
        # whoever waits for next to no time is told that it is over
        return "wait" in (case.query or {}) or case.path == "/cluster/convergence"
    return case.path == NEVER_THERE


def _varied(case: Case, example: Any, draw: Callable[[Any], Any]) -> Case:
    """A case that leads to what is there, asks for less at once and sends a good body, mostly.

    :param example: a good body, None where there is none.
    """
    for name in list(case.path_parameters or ()):
        known = [ENTITIES[name][1]] if name in ENTITIES else OTHER_NAMES.get(name, [])
        if known and draw(_MOSTLY):
            case.path_parameters[name] = draw(st.sampled_from(known))
    for given_names in (case.query, case.headers):
        for name in list(given_names or ()):
            if draw(_MOSTLY):
                del given_names[name]
    if example is not None and draw(_MOSTLY):
        case.body, case.media_type = example, "application/json"
    return case
