"""What pip gets to install: our package and the twistd plugin, and nothing that would harm Twisted."""

from __future__ import annotations

import email.message
import email.parser
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("pyproject.toml", "setup.cfg", "README.md", "LICENSE", "twisted_kong", "twisted")
DROPIN = "twisted/plugins/kong_dropin.py"

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is packaged, as building leaves files behind."""
    source = tmp_path_factory.mktemp("source")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(
                ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__", "dropin.cache")
            )
        else:
            shutil.copy(ROOT / part, source / part)
    return source


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, source: Path) -> Iterator[zipfile.ZipFile]:
    """The wheel, built without any network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation"]
    built = subprocess.run(
        [*pip, *offline, "--wheel-dir", str(folder), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("*.whl")
    with zipfile.ZipFile(found) as opened:
        yield opened


def contents(wheel: zipfile.ZipFile) -> set[str]:
    """The files that would be installed, without the wheel's own records."""
    return {name for name in wheel.namelist() if ".dist-info/" not in name}


def metadata(wheel: zipfile.ZipFile) -> email.message.Message:
    """The fields that pip reads."""
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return email.parser.Parser().parsestr(wheel.read(name).decode())


def test_the_wheel_holds_our_package_and_the_dropin_only(wheel: zipfile.ZipFile, source: Path) -> None:
    """Every file of the package is in it, data files too, and nothing else but the plugin."""
    files = (path for path in (source / "twisted_kong").rglob("*") if path.is_file())
    ours = {path.relative_to(source).as_posix() for path in files}
    assert contents(wheel) == ours | {DROPIN}


def test_nothing_of_twisted_is_overwritten(wheel: zipfile.ZipFile) -> None:
    """With an __init__.py under twisted/, uninstalling us would delete Twisted's own."""
    assert [name for name in contents(wheel) if name.startswith("twisted/")] == [DROPIN]


def test_the_metadata_tell_what_is_needed(wheel: zipfile.ZipFile) -> None:
    """Name, Python, licence and Twisted with TLS are declared."""
    fields = metadata(wheel)
    assert fields["Name"] == "twisted_kong"
    assert fields["Requires-Python"] == ">=3.11"
    assert fields["License-Expression"] == "Apache-2.0"
    needed = fields.get_all("Requires-Dist") or []
    assert any(re.match(r"twisted\[tls\]>=", one, re.IGNORECASE) for one in needed)
    assert not any(re.match(r"(pytest|ruff|mypy|sphinx)\b", one) for one in needed)


def test_the_kong_script_is_declared(wheel: zipfile.ZipFile) -> None:
    """``kong start`` and the like are on PATH after installing."""
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    assert "kong = twisted_kong.cli:main" in wheel.read(name).decode()
