"""The Admin API's listeners with TLS, by real clients: HTTP/2, and certificates of clients."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.certificates import issue_certificate, make_certificate
from tests.kit.ports import free_ports
from tests.kit.site import Site, new_site
from tests.kit.waiting import wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with new_site(tmp_path) as made:
        yield made


def serve(site: Site, text: str = "") -> tuple[int, Any]:
    """A node whose Admin API listens with TLS and HTTP/2 too; the port and the process."""
    (secure,) = free_ports(1)
    site.configure(
        f"admin_listen = 127.0.0.1:{site.admin_port}, 127.0.0.1:{secure} http2 ssl\n"
        f"admin_access_log = {site.directory}/admin.log\n{text}"
    )
    return secure, site.serve()


def curl(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run curl, which trusts whoever answers; skips where it is missing."""
    program = shutil.which("curl")
    if program is None:
        pytest.skip("no curl here")
    return subprocess.run(
        [program, "-sk", "--max-time", "20", *arguments], capture_output=True, text=True, check=False
    )


SHOW = ("-w", "\n%{http_version} %{http_code}")


def said(*arguments: str) -> tuple[str, str]:
    """The body of an answer, and its version with its status."""
    body, _, last = curl(*SHOW, *arguments).stdout.rpartition("\n")
    return body, last


def test_the_admin_api_is_the_same_over_http2(site: Site) -> None:
    """Reads, writes, refusals, HEAD and OPTIONS, in the access log as such; HTTP/1.1 for who wants that."""
    secure, _ = serve(site, "nginx_admin_client_max_body_size = 100k\n")
    url = f"https://localhost:{secure}/services"
    body, what = said("--http2", url, "--json", '{"name": "s", "host": "h"}')
    assert (json.loads(body)["name"], what) == ("s", "2 201")
    assert said("--http2", f"{url}/s")[1] == "2 200"
    assert said("--http1.1", f"{url}/s")[1] == "1.1 200"
    assert said("--http2", url, "-d", "x", "-H", "Content-Type: text/plain")[1] == "2 415"
    assert said("--http2", "-I", url)[1] == "2 200"
    assert said("--http2", "-X", "OPTIONS", url) == ("", "2 204")
    assert said("--http2", url, "-H", "Host: evil.test")[1] == "2 403"
    assert said("--http2", url, "-H", "Origin: http://evil.test")[1] == "2 403"
    large = site.directory / "large"
    large.write_bytes(b"x" * 5_000_000)
    for version in ("--http2", "--http1.1"):
        assert said(version, url, "--data-binary", f"@{large}", "-H", "Expect:")[1].endswith(" 413")
        assert said(version, url, "--data-binary", f"@{large}")[1].endswith(" 413")
    chunked = ("-H", "Transfer-Encoding: chunked", "-H", "Expect:")
    assert said("--http1.1", url, "--data-binary", f"@{large}", *chunked)[1] == "1.1 413"
    assert said("--http2", f"{url}/s")[1] == "2 200"
    wait_for(lambda: '"DELETE' in read_log(site) or '"POST /services HTTP/2.0" 201' in read_log(site))


def read_log(site: Site) -> str:
    return (site.directory / "admin.log").read_text()


def test_large_answers_and_many_at_once_over_http2(site: Site) -> None:
    """What is more than a window, and a hundred streams on one connection."""
    secure, _ = serve(site)
    for number in range(60):
        site.admin("POST", "/services", {"name": f"s{number:03d}", "host": "h" * 60, "tags": ["t" * 100] * 1})
    plain = site.admin("GET", "/services?size=1000").body
    assert said("--http2", f"https://localhost:{secure}/services?size=1000") == (plain.decode(), "2 200")
    urls = [f"https://localhost:{secure}/services/s{number % 60:03d}" for number in range(200)]
    many = curl("--http2", "-Z", "--parallel-max", "100", "-w", "<%{http_version} %{http_code}>", *urls)
    assert many.stdout.count("<2 200>") == 200


def write_pair(directory: Path, name: str, pair: tuple[str, str]) -> tuple[str, ...]:
    """Write a certificate and its key; curl's arguments to show it."""
    certificate, key = directory / f"{name}.crt", directory / f"{name}.key"
    certificate.write_text(pair[0])
    key.write_text(pair[1])
    return "--cert", str(certificate), "--key", str(key)


def mutual(site: Site, demand: str) -> str:
    """The lines that ask for certificates of the authority in ca.crt."""
    authorities = site.directory / "ca.crt"
    return (
        f"nginx_admin_ssl_verify_client = {demand}\nnginx_admin_ssl_client_certificate = {authorities}\n"
        f"nginx_admin_ssl_verify_depth = 1\n"
    )


def authors(site: Site) -> list[str]:
    return [change["author"] or "" for change in site.admin("GET", "/cluster/changes").json["data"]]


@pytest.mark.parametrize("version", ["--http2", "--http1.1"])
def test_a_client_has_to_show_its_certificate(site: Site, version: str) -> None:
    """None, and one that nobody vouches for, end the handshake; the good one's subject is the author."""
    write_pair(site.directory, "ca", make_certificate("our authority", ca=True))
    good = write_pair(site.directory, "good", issue_certificate("operator", "our authority"))
    other = write_pair(site.directory, "other", issue_certificate("operator", "their authority"))
    alone = write_pair(site.directory, "alone", make_certificate("operator"))
    secure, _ = serve(site, mutual(site, "on"))
    url = f"https://localhost:{secure}/services"
    for nobody in ((), other, alone):
        refused = curl(version, url, *nobody, "--json", '{"name": "x", "host": "h"}')
        assert refused.returncode != 0
        assert refused.stdout == ""
    assert site.admin("GET", "/services").json["data"] == []
    wait_for(lambda: "refused a TLS handshake of 127.0.0.1: it showed no certificate" in site.console)
    body, what = said(version, url, *good, "--json", '{"name": "s", "host": "h"}')
    assert what.endswith(" 201"), body
    assert any("operator" in author for author in authors(site))


def test_a_certificate_may_be_left_to_the_client(site: Site) -> None:
    """optional: without one he is let in as anybody, with a bad one he is not; off asks for none."""
    write_pair(site.directory, "ca", make_certificate("our authority", ca=True))
    good = write_pair(site.directory, "good", issue_certificate("operator", "our authority"))
    other = write_pair(site.directory, "other", issue_certificate("operator", "their authority"))
    secure, _ = serve(site, mutual(site, "optional"))
    url = f"https://localhost:{secure}/services"
    assert said(url, "--json", '{"name": "a", "host": "h"}')[1].endswith(" 201")
    assert not any("operator" in author for author in authors(site))
    assert curl(url, *other).returncode != 0
    assert said(url, *good, "--json", '{"name": "b", "host": "h"}')[1].endswith(" 201")
    assert any("operator" in author for author in authors(site))


def test_a_reload_takes_other_authorities_and_keeps_the_demand(site: Site) -> None:
    """For connections made from then on. What was open to some is not opened to all by it."""
    write_pair(site.directory, "ca", make_certificate("our authority", ca=True))
    ours = write_pair(site.directory, "ours", issue_certificate("operator", "our authority"))
    theirs = write_pair(site.directory, "theirs", issue_certificate("operator", "their authority"))
    secure, node = serve(site, mutual(site, "on"))
    url = f"https://localhost:{secure}/services"
    assert (curl(url, *ours).returncode, curl(url, *theirs).returncode != 0) == (0, True)
    write_pair(site.directory, "ca", make_certificate("their authority", ca=True))
    text = site.conf.read_text()
    site.conf.write_text(text.replace("verify_client = on", "verify_client = off"))
    node.send_signal(signal.SIGHUP)
    wait_for(lambda: "configuration reloaded" in site.console)
    assert "nginx_admin_ssl_verify_client has changed: restart the node" in site.console
    assert (curl(url, *ours).returncode != 0, curl(url, *theirs).returncode) == (True, 0)
    assert curl(url).returncode != 0


def test_a_session_may_be_resumed(site: Site) -> None:
    """Its client is who he was."""
    write_pair(site.directory, "ca", make_certificate("our authority", ca=True))
    write_pair(site.directory, "good", issue_certificate("operator", "our authority"))
    secure, _ = serve(site, mutual(site, "on"))
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(site.directory / "good.crt", site.directory / "good.key")
    session = None
    for number in range(2):
        with (
            socket.create_connection(("127.0.0.1", secure), 10) as plain,
            context.wrap_socket(plain, session=session) as client,
        ):
            session = client.session
            body = b'{"name": "s%d", "host": "h"}' % number
            client.sendall(
                b"POST /services HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            assert client.recv(12) == b"HTTP/1.1 201"
            assert client.session_reused == bool(number)
    assert len([author for author in authors(site) if "operator" in author]) == 2
