"""The OpenAPI document, held against OpenAPI, and a node against it; ``.ci/run`` does that at length."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.kit.openapi import node_document
from tests.kit.site import ROOT

pytestmark = pytest.mark.integration


@pytest.mark.skipif(find_spec("schemathesis") is None, reason="schemathesis is not installed")
def test_answers_are_as_documented() -> None:
    """No answer is a failure of the server, or has a status, a body or a header that is not documented."""
    command = [sys.executable, "-m", "tests.openapi", "--examples", "240", "--every", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n0 failures" in done.stdout


def test_the_document_is_valid_openapi() -> None:
    """A validator of OpenAPI 3.1 finds nothing, defaults and examples included."""
    validator = pytest.importorskip(
        "openapi_spec_validator", reason="openapi-spec-validator is not installed"
    )
    validator.validate(node_document())
