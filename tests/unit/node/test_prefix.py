"""The directory of a node."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.node.certificates import load_pair, make_self_signed
from twisted_kong.node.prefix import PrefixError, key_pairs, node_id, prepare_prefix, refusal, write_file

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ID = "6bf5a9c8-0000-4000-8000-1234567890ab"
OTHER_ID = "11111111-0000-4000-8000-1234567890ab"
PLAIN = "proxy_listen = 127.0.0.1:0\nadmin_listen = 127.0.0.1:0\n"


def configured(prefix: Path, text: str = PLAIN) -> Conf:
    """A configuration with this prefix."""
    return load_conf(Sources(f"prefix = {prefix}\n{text}")).conf


def prepare(conf: Conf, identity: str = ID) -> str:
    """Prepare, with a known id to come."""
    return prepare_prefix(conf, NOW, lambda: identity)


def test_directories_and_id_are_made(tmp_path: Path) -> None:
    """An absent prefix is made with all that Kong has in it."""
    conf = configured(tmp_path / "a" / "kong")
    assert prepare(conf) == ID
    assert {path.name for path in (tmp_path / "a" / "kong").iterdir()} == {
        "pids",
        "logs",
        "ssl",
        "sockets",
        "kong.id",
    }


def test_id_stays(tmp_path: Path) -> None:
    """A node is the same after a restart."""
    conf = configured(tmp_path)
    prepare(conf)
    assert prepare(conf, OTHER_ID) == ID


@pytest.mark.parametrize("rubbish", ["", "no id\n", "\xff"])
def test_unreadable_id_is_made_anew(tmp_path: Path, rubbish: str) -> None:
    """As in Kong; a full disk may have left the file empty."""
    (tmp_path / "kong.id").write_text(rubbish, encoding="latin-1")
    assert node_id(configured(tmp_path), lambda: ID) == ID
    assert (tmp_path / "kong.id").read_text() == f"{ID}\n"


def test_configured_id_wins(tmp_path: Path) -> None:
    """``node_id`` is the last word, and is written down."""
    prepare(configured(tmp_path))
    assert prepare(configured(tmp_path, f"{PLAIN}node_id = {OTHER_ID}")) == OTHER_ID
    assert (tmp_path / "kong.id").read_text() == f"{OTHER_ID}\n"


def test_certificates_are_made_once_for_ssl_listeners(tmp_path: Path) -> None:
    """RSA and ECDSA, keys for the owner only; groups without ssl get none."""
    conf = configured(tmp_path, "proxy_listen = 127.0.0.1:0 ssl\nadmin_listen = 127.0.0.1:0")
    prepare(conf)
    names = sorted(path.name for path in (tmp_path / "ssl").iterdir())
    assert names == [
        "kong-default-ecdsa.crt",
        "kong-default-ecdsa.key",
        "kong-default.crt",
        "kong-default.key",
    ]
    key = tmp_path / "ssl" / "kong-default.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    prepare(conf)
    assert key.read_bytes() == before
    assert next(pair.key for pair in key_pairs(conf, "")) == before


def test_configured_certificate_is_used(tmp_path: Path) -> None:
    """Nothing is generated beside it."""
    pair = make_self_signed("ecdsa", NOW)
    (tmp_path / "a.crt").write_bytes(pair.certificate)
    (tmp_path / "a.key").write_bytes(pair.key)
    conf = configured(
        tmp_path,
        f"admin_listen = 127.0.0.1:0 ssl\nproxy_listen = off\nadmin_ssl_cert = {tmp_path}/a.crt\n"
        f"admin_ssl_cert_key = {tmp_path}/a.key\n",
    )
    prepare(conf)
    assert list((tmp_path / "ssl").iterdir()) == []
    assert key_pairs(conf, "admin_") == (load_pair(f"{tmp_path}/a.crt", f"{tmp_path}/a.key"),)


def test_spoilt_certificate_says_what_to_do(tmp_path: Path) -> None:
    """A full disk may have left it empty; a configured one may have gone since it was checked."""
    conf = configured(tmp_path)
    prepare(conf)
    for path in (tmp_path / "ssl").glob("*.crt"):
        path.write_text("")
    with pytest.raises(PrefixError, match=r"cannot use the certificate .*remove it and its key"):
        key_pairs(conf, "")


def test_prefix_that_cannot_be_made_says_what_to_do() -> None:
    """One line that names the place and the way out."""
    with pytest.raises(PrefixError) as error:
        prepare(configured(Path("/proc/kong")))
    assert "cannot prepare the prefix /proc/kong: /proc/kong" in str(error.value)
    assert "--prefix" in str(error.value)


def test_prefix_that_is_a_file_says_so(tmp_path: Path) -> None:
    """A mistaken path is no traceback."""
    (tmp_path / "kong").write_text("")
    with pytest.raises(PrefixError, match=r"File exists|Not a directory"):
        prepare(configured(tmp_path / "kong"))


@pytest.mark.parametrize(
    ("flags", "reason"), [(os.ST_RDONLY | os.ST_NOSUID, "Read-only file system"), (0, "Permission denied")]
)
def test_why_a_directory_cannot_be_written(flags: int, reason: str) -> None:
    """Nobody shall look for permissions where the file system is mounted read-only."""
    error = refusal("/x", flags)
    assert (error.strerror, error.filename) == (reason, "/x")


def test_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """Mode and content change in one step, nothing is left over."""
    path = tmp_path / "x"
    path.write_text("old")
    write_file(str(path), b"new", 0o600)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """The error names the file that was meant."""
    (tmp_path / "x").mkdir()
    with pytest.raises(OSError, match="Is a directory") as error:
        write_file(str(tmp_path / "x"), b"new", 0o600)
    assert error.value.filename == str(tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
