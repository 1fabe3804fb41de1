from __future__ import annotations

from tests.kit.reference import reference_plugins
from twisted_kong.core.schema.checks.table import CORE_FUNCTIONS
from twisted_kong.core.schema.llm_typedefs import LLM, LLM_CHECKS
from twisted_kong.core.schema.record import build_field


def test_the_shared_record_is_kongs() -> None:
    """As the plugins that transform have it."""
    assert reference_plugins()["ai-request-transformer"]["config"]["fields"]["llm"] == LLM
    assert reference_plugins()["ai-proxy"]["config"]["entity_checks"] == LLM_CHECKS


def test_it_can_be_built() -> None:
    """With all its checks."""
    assert build_field("llm", LLM, CORE_FUNCTIONS).kind == "record"
