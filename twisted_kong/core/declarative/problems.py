"""What is wrong with a document: with its syntax, or with the entities in it.

Errors of entities form a tree that mirrors the document, as Kong answers it: lists have a gap (``None``) for
each entity that is good.  On request they are told once more, one entity after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from twisted_kong.core.errors import EntityError
from twisted_kong.core.lua_table import compact
from twisted_kong.core.schema.violations import ENTITY

# Where in a document something stands: names of members and places in lists, from 0.
Path = tuple[str | int, ...]


class DocumentError(Exception):
    """A text is no document; the message tells the line where there is one."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"{reason} (line {line})")
        self.line = line


class DeclarativeConfig(EntityError):
    """A document cannot be used; nothing was written.

    :param flattened: the errors of entities one by one, where they are to be told so too.
    """

    code = 14
    name = "invalid declarative configuration"

    def __init__(self, fields: Mapping[str, Any], flattened: list[dict[str, Any]] | None = None) -> None:
        super().__init__(f"declarative config is invalid: {compact(fields)}", fields)
        self.flattened = flattened

    @override
    def body(self) -> dict[str, Any]:
        """The JSON body; ``fields`` is there even when all errors are among the flattened ones."""
        body = super().body()
        return body if self.flattened is None else {**body, "flattened_errors": self.flattened}


def unreadable(error: DocumentError) -> DeclarativeConfig:
    """The refusal of a text that is no document, in Kong's words."""
    return DeclarativeConfig({"error": f"failed parsing declarative configuration: {error}"})


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one entity of a document.

    :param kind: of entity.
    :param record: the entity as it is written, without those nested in it.
    :param found: a tree of violations, or one text for the entity as a whole.
    """

    path: Path
    kind: str
    record: Mapping[str, Any]
    found: Mapping[str, Any] | str


def refusal(
    general: Mapping[str, Any], problems: list[Problem], *, flatten: bool = False
) -> DeclarativeConfig:
    """The refusal of a document for all that is wrong with it.

    :param general: what belongs to no entity, by name.
    :param flatten: Kong: then the tree holds only what belongs to no entity.
    """
    if flatten:
        return DeclarativeConfig(general, [_flattened(problem) for problem in problems])
    tree: dict[Any, Any] = dict(general)
    for problem in problems:
        _graft(tree, problem.path, problem.found)
    return DeclarativeConfig(_with_gaps(tree))


def _graft(tree: dict[Any, Any], path: Path, found: Mapping[str, Any] | str) -> None:
    for step in path[:-1]:
        below = tree.get(step)
        if not isinstance(below, dict):
            # a text that stands for the whole entity, in which another one is nested
            below = {} if below is None else {ENTITY: [below]}
            tree[step] = below
        tree = below
    last, here = path[-1], tree.get(path[-1])
    if here is None:
        tree[last] = found if isinstance(found, str) else dict(found)
    elif isinstance(here, dict):
        here.update({ENTITY: [found]} if isinstance(found, str) else found)


def _with_gaps(tree: Any) -> Any:
    """Mappings by place as the lists that they stand for."""
    if not isinstance(tree, dict):
        return tree
    if tree and all(isinstance(step, int) for step in tree):
        return [_with_gaps(tree.get(place)) for place in range(max(tree) + 1)]
    return {step: _with_gaps(below) for step, below in tree.items()}


def _flattened(problem: Problem) -> dict[str, Any]:
    """One entity with its errors. Kong: names and tags are told only where they are what they should be."""
    record = problem.record
    told: dict[str, Any] = {"entity_type": singular(problem.kind), "entity": dict(record)}
    if isinstance(record.get("id"), str):
        told["entity_id"] = record["id"]
    if isinstance(record.get("name"), str) and record["name"]:
        told["entity_name"] = record["name"]
    tags = record.get("tags")
    if isinstance(tags, list) and tags and all(isinstance(tag, str) for tag in tags):
        told["entity_tags"] = tags
    told["errors"] = list(_errors_of(problem.found))
    return told


def _errors_of(found: Mapping[str, Any] | str) -> list[dict[str, Any]]:
    if isinstance(found, str):
        return [{"type": "entity", "message": found}]
    errors: list[dict[str, Any]] = []
    _spread(found, (), errors)
    return errors


def _spread(found: Any, path: tuple[str, ...], errors: list[dict[str, Any]]) -> None:
    if isinstance(found, str):
        errors.append({"type": "field", "field": ".".join(path), "message": found})
    elif isinstance(found, Mapping):
        for name, below in found.items():
            if name == ENTITY and isinstance(below, list):
                errors.extend({"type": "entity", "message": str(text)} for text in below)
            else:
                _spread(below, (*path, str(name)), errors)
    elif isinstance(found, list):
        for place, below in enumerate(found, 1):
            _spread(below, (*path, str(place)), errors)


def singular(kind: str) -> str:
    """The name of one entity of a kind: ``basicauth_credential`` of ``basicauth_credentials``."""
    return f"{kind[:-3]}y" if kind.endswith("ies") else kind.removesuffix("s")
