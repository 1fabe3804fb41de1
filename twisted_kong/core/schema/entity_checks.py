"""The checks that look at several fields of a record at once, with Kong's texts.

A check names the fields it looks at.  It does not run while one of them refers to a secret in a vault, for
nothing is known of that yet.  ``mutually_required``, ``mutually_exclusive`` and ``custom_entity_check`` do
not run while one of them is bad by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted_kong.core.schema.context import Scope
from twisted_kong.core.schema.fields import REQUIRED, Field
from twisted_kong.core.schema.validators import Definition, Functions, SchemaDefinitionError, function
from twisted_kong.core.schema.violations import Violations, add_entity_violation, get_path, has_path, set_path
from twisted_kong.core.vaults import is_reference

EntityCheck = Callable[[Mapping[str, Any], Violations, Scope], None]
Path = tuple[str, ...]
# The field at a path with a definition laid over its own, as an ``if_match`` needs it.
Overlay = Callable[[Path, Definition], Field]

# Where the argument of a check names fields.
_FIELD_SOURCES = (
    *("if_field", "then_field", "then_at_least_one_of", "else_then_at_least_one_of"),
    "fields",
)
_UPDATING = "when updating, "
_AT_LEAST_ONE = "at least one of these fields must be non-empty: "


def build_entity_check(check: Definition, overlay: Overlay, functions: Functions) -> EntityCheck:
    """The check that a member of ``entity_checks`` describes."""
    ((name, argument),) = check.items()
    if name not in _BUILDERS:
        raise SchemaDefinitionError(f"no entity check named {name!r}")
    run = _BUILDERS[name](argument, overlay, functions)
    paths = [path for path in _paths(_names(argument)) if _may_refer(path, overlay)]
    return _unless_referred(run, paths) if paths else run


def _names(argument: Any) -> list[str]:
    """All the fields that a check looks at."""
    if isinstance(argument, Mapping):
        sources = (argument.get(source, ()) for source in _FIELD_SOURCES)
        return [name for source in sources for name in ([source] if isinstance(source, str) else source)]
    return list(argument)


def _may_refer(path: Path, overlay: Overlay) -> bool:
    try:
        return overlay(path, {}).referenceable
    except SchemaDefinitionError:
        return False


def _unless_referred(run: EntityCheck, paths: Sequence[Path]) -> EntityCheck:
    def check(record: Mapping[str, Any], violations: Violations, scope: Scope) -> None:
        if not any(is_reference(get_path(record, path)) for path in paths):
            run(record, violations, scope)

    return check


def is_empty(value: Any) -> bool:
    """Whether Kong counts a value as not given: null, an empty text or an empty collection."""
    return value is None or value in ("", [], {})


def path_of(name: str) -> Path:
    """``config.redis.host`` as the names on the way."""
    return tuple(name.split("."))


def quoted_list(names: Sequence[str]) -> str:
    """The names in Kong's messages: ``'a', 'b'``."""
    return ", ".join(f"'{name}'" for name in names)


def _paths(names: Sequence[str]) -> tuple[Path, ...]:
    return tuple(path_of(name) for name in names)


def _filled(record: Mapping[str, Any], paths: Sequence[Path]) -> int:
    return sum(not is_empty(get_path(record, path)) for path in paths)


def _any_named_bad(violations: Violations, names: Sequence[str]) -> bool:
    # Kong: looks for a violation under the dotted name itself, so those inside records go unnoticed
    return any(name in violations for name in names)


def _any_bad(violations: Violations, paths: Sequence[Path]) -> bool:
    """Whether a field is bad, or a record on the way to it is none at all."""
    return any(_is_bad(violations, path) for path in paths)


def _is_bad(violations: Violations, path: Path) -> bool:
    found: Any = violations
    for name in path:
        found = found.get(name)
        if not isinstance(found, Mapping):
            return found is not None
    return True


def _at_least_one_of(names: Sequence[str], *_: Any) -> EntityCheck:
    text = _AT_LEAST_ONE + quoted_list(names)
    paths = _paths(names)

    def check(record: Mapping[str, Any], violations: Violations, scope: Scope) -> None:
        if not _filled(record, paths):
            add_entity_violation(violations, _UPDATING + text if scope.updating else text)

    return check


def _counted(names: Sequence[str], text: str, accepted: frozenset[int], despite_errors: bool) -> EntityCheck:
    full = text + quoted_list(names)
    paths = _paths(names)

    def check(record: Mapping[str, Any], violations: Violations, scope: Scope) -> None:
        if _filled(record, paths) not in accepted and (
            despite_errors or not _any_named_bad(violations, names)
        ):
            add_entity_violation(violations, full)

    return check


def _only_one_of(names: Sequence[str], *_: Any) -> EntityCheck:
    text = "exactly one of these fields must be non-empty: "
    return _counted(names, text, frozenset({1}), despite_errors=True)


def _mutually_required(names: Sequence[str], *_: Any) -> EntityCheck:
    text = "all or none of these fields must be set: "
    return _counted(names, text, frozenset({0, len(names)}), despite_errors=False)


def _mutually_exclusive(names: Sequence[str], *_: Any) -> EntityCheck:
    text = "only one or none of these fields must be set: "
    return _counted(names, text, frozenset({0, 1}), despite_errors=False)


def _distinct(names: Sequence[str], *_: Any) -> EntityCheck:
    text = "values of these fields must be distinct: " + quoted_list(names)
    paths = _paths(names)

    def check(record: Mapping[str, Any], violations: Violations, scope: Scope) -> None:
        values = [get_path(record, path) for path in paths]
        given = [value for value in values if not is_empty(value)]
        if any(value in given[:place] for place, value in enumerate(given)):
            add_entity_violation(violations, text)

    return check


class _Condition:
    """Whether a field's value fits an ``if_match``: the field's own definition with more laid over it."""

    def __init__(self, path: Path, match: Definition, overlay: Overlay) -> None:
        self.field = overlay(path, match)
        self.path = path

    def holds(self, record: Mapping[str, Any], scope: Scope) -> bool:
        # Kong: null fits any match but one for a certain value
        return (
            has_path(record, self.path) and self.field.violation(get_path(record, self.path), scope) is None
        )


def _conditional(argument: Definition, overlay: Overlay, _functions: Functions) -> EntityCheck:
    condition = _Condition(path_of(argument["if_field"]), argument["if_match"], overlay)
    then_path = path_of(argument["then_field"])
    then_field = overlay(then_path, argument["then_match"])
    required = bool(argument["then_match"].get("required"))
    default_text = f"failed conditional validation given value of field '{argument['if_field']}'"
    text = argument.get("then_err") or default_text

    def check(record: Mapping[str, Any], violations: Violations, scope: Scope) -> None:
        if not condition.holds(record, scope):
            return
        value = get_path(record, then_path)
        found = REQUIRED if required and value is None else then_field.violation(value, scope)
        if found is not None:
            set_path(violations, then_path, found)
            add_entity_violation(violations, text)

    return check


def _conditional_at_least_one_of(
    argument: Definition, overlay: Overlay, _functions: Functions
) -> EntityCheck:
    if_path = path_of(argument["if_field"])
    branches = [(_Condition(if_path, argument["if_match"], overlay), "then_at_least_one_of", "then_err")]
    if "else_match" in argument:
        otherwise = _Condition(if_path, argument["else_match"], overlay)
        branches.append((otherwise, "else_then_at_least_one_of", "else_then_err"))

    def check(record: Mapping[str, Any], violations: Violations, scope: Scope) -> None:
        for condition, names_key, text_key in branches:
            if condition.holds(record, scope):
                names = argument[names_key]
                if not _filled(record, _paths(names)):
                    text = _one_of_text(argument.get(text_key), names, scope)
                    add_entity_violation(violations, text)
                return

    return check


def _one_of_text(template: str | None, names: Sequence[str], scope: Scope) -> str:
    if template is not None:
        return template.replace("%s", quoted_list(names))
    return (_UPDATING if scope.updating else "") + _AT_LEAST_ONE + quoted_list(names)


def _custom(argument: Definition, _overlay: Overlay, functions: Functions) -> EntityCheck:
    paths = _paths(argument["fields"])
    judge = function(argument, functions)

    def check(record: Mapping[str, Any], violations: Violations, scope: Scope) -> None:
        if not _any_bad(violations, paths):
            found = judge(record, scope)
            if found is not None:
                add_entity_violation(violations, found)

    return check


Builder = Callable[[Any, Overlay, Functions], EntityCheck]

_BUILDERS: Mapping[str, Builder] = {
    "at_least_one_of": _at_least_one_of,
    "conditional_at_least_one_of": _conditional_at_least_one_of,
    "only_one_of": _only_one_of,
    "mutually_required": _mutually_required,
    "mutually_exclusive": _mutually_exclusive,
    "distinct": _distinct,
    "conditional": _conditional,
    "custom_entity_check": _custom,
}
