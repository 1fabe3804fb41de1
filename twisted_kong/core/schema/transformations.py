"""Fields whose stored value is made from a given one: hashed passwords, digests of certificates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.context import WriteContext
from twisted_kong.core.schema.entity_checks import is_empty, path_of, quoted_list
from twisted_kong.core.schema.validators import Definition, Functions, function
from twisted_kong.core.schema.violations import Violations, add_entity_violation, get_path


class Transformation:
    """Makes stored values from the ``input`` fields of a record, with the help of those it ``needs``.

    The function is called with the whole entity and the write's context and answers the fields to change.
    """

    def __init__(self, definition: Definition, functions: Functions) -> None:
        self.inputs: tuple[str, ...] = tuple(definition["input"])
        self._needs: tuple[str, ...] = tuple(definition.get("needs", ()))
        self._make = function(definition["on_write"], functions)

    def check(
        self, given: Mapping[str, Any], current: Mapping[str, Any] | None, violations: Violations
    ) -> None:
        """Note when only some of the fields were given: the stored value could not be made.

        :param given: a new record, or the changes of an update
        :param current: the entity that an update changes
        """
        names = (*self.inputs, *self._needs)
        given_inputs = self._given(given, self.inputs)
        if current is None:
            complete = not given_inputs or len(self._given(given, names)) == len(names)
        else:
            changed = any(
                (value := get_path(given, path_of(name))) is not None
                and value != get_path(current, path_of(name))
                for name in self._needs
            )
            complete = len(given_inputs) in (0, len(self.inputs)) and (bool(given_inputs) or not changed)
        if not complete:
            text = f"all or none of these fields must be set: {quoted_list(names)}"
            add_entity_violation(violations, text)

    def apply(self, entity: Entity, given: Mapping[str, Any], context: WriteContext) -> Entity:
        """The entity with the stored values made, if the record gave what they are made from."""
        inputs_given = len(self._given(given, self.inputs)) == len(self.inputs)
        if not inputs_given or len(self._given(entity, self._needs)) != len(self._needs):
            return entity
        return {**entity, **self._make(entity, context)}

    @staticmethod
    def _given(record: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
        return [name for name in names if not is_empty(get_path(record, path_of(name)))]
