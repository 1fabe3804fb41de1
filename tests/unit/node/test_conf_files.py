"""Files that a configuration names."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.core.conf.problems import ConfError
from twisted_kong.node.certificates import make_self_signed
from twisted_kong.node.conf_files import file_problems, require_files

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a pair, another key and a template."""
    directory = tmp_path_factory.mktemp("files")
    pair, other = make_self_signed("ecdsa", NOW), make_self_signed("ecdsa", NOW)
    (directory / "a.crt").write_bytes(pair.certificate)
    (directory / "a.key").write_bytes(pair.key)
    (directory / "b.key").write_bytes(other.key)
    (directory / "t.html").write_text("%s %s")
    return directory


def found(files: Path, text: str) -> list[str]:
    """The problems of a configuration; ``D`` stands for the directory."""
    conf = load_conf(Sources(text.replace("D/", f"{files}/"))).conf
    return [problem.message.replace(f"{files}/", "D/") for problem in file_problems(conf)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "ssl_cert = D/x.crt\nssl_cert_key = D/a.key",
            "ssl_cert: failed loading certificate from D/x.crt",
        ),
        (
            "admin_ssl_cert = D/a.crt\nadmin_ssl_cert_key = D/x.key",
            "admin_ssl_cert_key: failed loading key from D/x.key",
        ),
        (
            "ssl_cert = D/a.crt\nssl_cert_key = D/b.key",
            "ssl_cert_key: D/b.key is not the key of D/a.crt",
        ),
        (
            "client_ssl = on\nclient_ssl_cert = D/t.html\nclient_ssl_cert_key = D/a.key",
            "client_ssl_cert: failed loading certificate from D/t.html",
        ),
        (
            "ssl_cipher_suite = custom\nssl_dhparam = D/a.crt",
            "ssl_dhparam: failed loading parameters from D/a.crt",
        ),
        ("error_template_html = D/x.html", "error_template_html: cannot read D/x.html"),
        ("dns_hostsfile = D/x", "dns_hostsfile: file does not exist"),
        (
            "lua_ssl_trusted_certificate = system, D/x.pem",
            "lua_ssl_trusted_certificate: failed loading certificate from D/x.pem",
        ),
        (
            "nginx_proxy_proxy_ssl_trusted_certificate = D/x.pem",
            "nginx_proxy_proxy_ssl_trusted_certificate: failed loading certificate from D/x.pem",
        ),
        (
            "nginx_admin_ssl_client_certificate = D/t.html",
            "nginx_admin_ssl_client_certificate: failed loading certificate from D/t.html",
        ),
    ],
)
def test_file_that_cannot_be_used(files: Path, text: str, message: str) -> None:
    """Kong's texts, each with property and path."""
    assert found(files, text) == [message]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ssl_cert = D/a.crt\nssl_cert_key = D/a.key\nerror_template_html = D/t.html",
        "lua_ssl_trusted_certificate = D/a.crt",
    ],
)
def test_good_files(files: Path, text: str) -> None:
    """Nothing is said of what can be used."""
    assert found(files, text) == []


def test_start_is_refused_with_the_place(files: Path) -> None:
    """The error names the line of kong.conf."""
    with pytest.raises(ConfError, match=r"kong.conf:1: error_template_json: cannot read /nowhere"):
        require_files(load_conf(Sources("error_template_json = /nowhere")).conf)
