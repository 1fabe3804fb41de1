"""The plugin of the manual is installed and runs, and the manual shows the code that does."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.deferreds import success_of
from tests.kit.pdk import a_context, a_gateway, answered, sent_headers
from twisted_kong.core.errors import SchemaViolation
from twisted_kong.core.plan import PluginPlan
from twisted_kong.core.schema.context import WriteContext
from twisted_kong.core.schema.registry import build_schemas
from twisted_kong.pdk.loader import LoadedPlugins, load_plugins
from twisted_kong.pdk.phases import Phases

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "plugin-hello"
MANUAL = ROOT / "docs" / "how-to" / "write-a-plugin.md"
BOB = {"id": "11111111-1111-4111-8111-111111111111", "username": "bob"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which pip has put the example, built from a copy so that the tree stays clean."""
    source = tmp_path_factory.mktemp("source")
    for path in EXAMPLE.rglob("*"):
        if path.is_file() and path.suffix in (".py", ".toml"):
            copy = source / path.relative_to(EXAMPLE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-index", "--no-build-isolation", "--target", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return target


@pytest.fixture
def loaded(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoadedPlugins]:
    """The plugin as a node finds it: by its entry point."""
    monkeypatch.syspath_prepend(str(installed))
    yield load_plugins("bundled,hello")
    for name in [name for name in sys.modules if name.startswith("kong_plugin_hello")]:
        del sys.modules[name]


def a_stage(loaded: LoadedPlugins, **config: Any) -> Phases:
    plan = PluginPlan(loaded.priorities)
    plan.put({"id": "row", "name": "hello", "config": {"greeting": "Hello", "banned": [], **config}})
    return Phases(plan, loaded.handlers, a_gateway(consumers=[BOB]))


def test_it_greets(loaded: LoadedPlugins) -> None:
    """Service and client are told who it is."""
    phases = a_stage(loaded)
    context = a_context()
    context.consumer = BOB
    assert phases.access(context) is None
    assert sent_headers(context)["x-visitor"] == "bob"
    phases.header_filter(answered(context))
    phases.log(context)
    assert context.response is not None
    assert context.response.headers.get(b"x-hello") == b"Hello, bob!"


def test_it_turns_away(loaded: LoadedPlugins) -> None:
    """Who is banned gets an error of the plugin's."""
    answer = success_of_answer(a_stage(loaded, banned=["stranger"]).access(a_context()))
    assert answer.status == 403
    assert b"Not you, stranger" in answer.body


def success_of_answer(answering: Any) -> Any:
    return success_of(answering) if hasattr(answering, "addCallback") else answering


def test_its_configuration_is_checked(loaded: LoadedPlugins) -> None:
    """Rows of the plugin are completed and refused by its schema."""
    plugins = build_schemas(loaded.definitions)["plugins"]
    uuids = (f"00000000-0000-4000-8000-{number:012}" for number in range(100))
    context = WriteContext(now=1.0, new_uuid=lambda: next(uuids), new_token=lambda: "t", workspace="w")
    row = plugins.process_insert({"name": "hello"}, context)
    assert row["config"] == {"greeting": "Hello", "banned": []}
    with pytest.raises(SchemaViolation):
        plugins.process_insert({"name": "hello", "config": {"greeting": ""}}, context)


def test_another_process_finds_it(installed: Path) -> None:
    """Nothing but the installed package and ``plugins`` is needed."""
    code = "from twisted_kong.pdk.loader import load_plugins; print(load_plugins('hello').names)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": f"{installed}:{ROOT}", "PATH": "/usr/bin:/bin"},
    )
    assert done.stdout.strip() == "['hello']"


def test_the_manual_shows_this_code() -> None:
    """Each file that the manual shows is the file that was installed, to the letter."""
    shown = re.findall(r"`(docs/examples/[^`]+)`:\n\n```\w+\n(.*?)```", MANUAL.read_text(), re.DOTALL)
    assert [Path(name).name for name, _ in shown] == ["handler.py", "schema.py", "pyproject.toml"]
    for name, text in shown:
        assert (ROOT / name).read_text() == text
