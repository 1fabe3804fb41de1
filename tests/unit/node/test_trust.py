"""Authorities as one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.running import make_conf
from twisted_kong.node import trust
from twisted_kong.node.certificates import make_self_signed
from twisted_kong.node.trust import database_authorities, trusted_file


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two files with an authority each."""
    from datetime import UTC, datetime

    (tmp_path / "node").mkdir()
    made = []
    for name in ("a.pem", "b.pem"):
        pair = make_self_signed("ecdsa", datetime(2026, 1, 1, tzinfo=UTC))
        (tmp_path / name).write_bytes(pair.certificate)
        made.append(tmp_path / name)
    return made


def test_one_file_is_itself(tmp_path: Path, files: list[Path]) -> None:
    """Nothing is written for it."""
    conf = make_conf(tmp_path, lua_ssl_trusted_certificate=files[0])
    assert trusted_file(conf) == str(files[0])


def test_several_are_put_together(tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the prefix, the system's among them."""
    monkeypatch.setattr(trust, "system_file", lambda: str(files[1]))
    conf = make_conf(tmp_path, lua_ssl_trusted_certificate=f"{files[0]},system")
    path = trusted_file(conf)
    assert path == conf.paths.ca_combined
    assert Path(path).read_bytes() == files[0].read_bytes() + b"\n" + files[1].read_bytes()


def test_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default is the system's file, wherever it is; None where that is not known."""
    for found in ("/etc/hosts", None):
        monkeypatch.setattr(trust, "system_file", lambda found=found: found)
        assert trusted_file(make_conf(tmp_path)) == found


def test_only_where_a_server_is_verified(tmp_path: Path, files: list[Path]) -> None:
    """Without pg_ssl_verify nobody asks for authorities."""
    settings = {"lua_ssl_trusted_certificate": files[0]}
    assert database_authorities(make_conf(tmp_path, **settings)) is None
    assert database_authorities(make_conf(tmp_path, pg_ro_ssl_verify="on", **settings)) == str(files[0])
