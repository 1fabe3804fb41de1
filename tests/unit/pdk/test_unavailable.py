"""A plugin that cannot run lets nothing pass."""

from __future__ import annotations

from typing import Any

from tests.kit.deferreds import success_of
from tests.kit.pdk import a_context
from tests.kit.plugins import PluginStage, message_of
from twisted_kong.core.context import Answer

TEXT = "The plugin 'acl' is not available in this version"
CONFIG: dict[str, Any] = {"allow": ["g"]}


def stage() -> PluginStage:
    """acl, and a plugin that runs after it."""
    return PluginStage({"acl": CONFIG, "request-termination": {"status_code": 200, "message": "open"}})


def test_no_request_passes() -> None:
    """Each ends with 503 and the reason, and plugins of a lower rank do not answer instead."""
    assert message_of(stage().access(a_context())) == (503, TEXT)


def test_plugins_before_it_run_as_they_would() -> None:
    """Its rank is that of the plugin: who would have been turned away before still is."""
    with_key = PluginStage({"key-auth": {}, "acl": CONFIG})
    assert message_of(with_key.access(a_context())) == (401, "No API key found in request")


def test_the_operator_is_told_once() -> None:
    """One line for each configuration, at level error; a changed one is told anew."""
    node = stage()
    for _ in range(3):
        success_of(node.phases.configure())
    assert len(node.lines) == 1
    assert "[acl] the instance row-acl is not available in this version" in node.lines[0]
    assert node.events[0]["log_level"].name == "error"
    node.put("acl", {"deny": ["x"]})
    node.phases.access(a_context())
    success_of(node.phases.configure())
    assert len(node.lines) == 2


def test_it_answers_each_in_the_form_it_accepts() -> None:
    """As other errors."""
    context = a_context(headers={"Accept": "text/plain"})
    answer = stage().access(context)
    assert isinstance(answer, Answer)
    assert answer.body.startswith(TEXT.encode())
