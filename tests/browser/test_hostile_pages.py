"""What pages in a real browser can do to an Admin API on loopback: nothing, unless they are the operator's.

Each attempt is judged on both sides: the page could read nothing, the node was asked and wrote nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.kit.browser import page_server, running_browser
from tests.kit.ports import free_ports
from tests.kit.site import Site, new_site
from tests.kit.waiting import wait_for

pytestmark = pytest.mark.integration

LINE = re.compile(r'"[A-Z]+ (\S+ HTTP/[0-9.]+)" ([0-9]{3}) .* "([^"]*)"$', re.MULTILINE)
SECRET = "the-services-own-name"

# What every attempt may use.  ``within`` gives what a promise comes to, or "nothing" when it takes too long.
LIBRARY = """
const within = (promise, ms = 3000) => {
    const late = new Promise(done => setTimeout(() => done('nothing'), ms));
    return Promise.race([promise, late]).catch(() => 'nothing');
};
const text = async (url, options = {}) => {
    const answer = await fetch(url, options);
    return answer.type === 'opaque' ? 'nothing' : answer.status + ' ' + await answer.text();
};
const loaded = (element, parent = document.body) => new Promise(done => {
    element.onload = () => done('loaded');
    element.onerror = () => done('nothing');
    parent.append(element);
});
const framed = async (attributes) => {
    const frame = Object.assign(document.createElement('iframe'), attributes);
    await within(loaded(frame));
    return frame.contentDocument ? frame.contentDocument.body.innerText || 'nothing' : 'nothing';
};
const form = async (action, kind, fields, more = {}) => {
    const frame = Object.assign(document.createElement('iframe'), {name: 'target'});
    document.body.append(frame);
    const sent = Object.assign(document.createElement('form'),
        {action, method: 'POST', enctype: kind, target: 'target', ...more});
    for (const [name, value] of Object.entries(fields)) {
        sent.append(Object.assign(document.createElement('input'), {type: 'hidden', name, value}));
    }
    document.body.append(sent);
    const answered = new Promise(done => { frame.onload = done; });
    sent.submit();
    await within(answered);
    return frame.contentDocument ? frame.contentDocument.body.innerText || 'nothing' : 'nothing';
};
const told = () => new Promise(done => addEventListener('message', event => done(event.data), {once: true}));
const opened = async (url) => {
    const other = open(url);
    await within(new Promise(() => 0), 1000);
    try { return other.document.body.innerText; } catch { return 'nothing'; } finally { other.close(); }
};
const FETCHING = (url, options) => `<script>
    fetch(${JSON.stringify(url)}, ${JSON.stringify(options)})
        .then(answer => answer.text()).catch(() => 'nothing')
        .then(read => parent.postMessage(read || 'nothing', '*'));
</${''}script>`;
const SERVICE = {name: 'evil', url: 'http://evil.test'};
const JSON_BODY = {'Content-Type': 'application/json'};
const AT = API + '/services', KEPT = API + '/services/kept', NEW = API + '/services/evil';
"""

URLENCODED = "application/x-www-form-urlencoded"

# The code of an attempt, and the statuses with which the node must have answered it: whatever it was asked.
ATTEMPTS: dict[str, tuple[str, set[str]]] = {
    "a form": (f"form(AT, '{URLENCODED}', SERVICE)", {"403"}),
    "a form with parts": ("form(AT, 'multipart/form-data', SERVICE)", {"403"}),
    "a form that is JSON": (
        'form(API + \'/services\', \'text/plain\', {\'{"name":"evil","host":"evil.test","x":"\': \'"}\'})',
        {"403"},
    ),
    "a form without referrer": (
        f"(document.head.append(Object.assign(document.createElement('meta'),"
        f" {{name: 'referrer', content: 'no-referrer'}})),"
        f" form(AT, '{URLENCODED}', SERVICE))",
        {"403"},
    ),
    "a form that is sent on": (
        f"form(location.origin + '/to/' + AT, '{URLENCODED}', SERVICE)",
        {"403"},
    ),
    "a form that reads": (f"form(AT, '{URLENCODED}', {{}}, {{method: 'GET'}})", {"403"}),
    "fetch, JSON": (
        "text(AT, {method: 'POST', headers: JSON_BODY, body: JSON.stringify(SERVICE)})",
        {"403"},
    ),
    "fetch, form": ("text(AT, {method: 'POST', body: new URLSearchParams(SERVICE)})", {"403"}),
    "fetch without CORS, form": (
        "text(AT, {method: 'POST', mode: 'no-cors', body: new URLSearchParams(SERVICE)})",
        {"403"},
    ),
    "fetch without CORS, text": (
        "text(AT, {method: 'POST', mode: 'no-cors', body: JSON.stringify(SERVICE)})",
        {"403"},
    ),
    "a beacon": (
        "(navigator.sendBeacon(AT, new URLSearchParams(SERVICE)), 'nothing')",
        {"403"},
    ),
    "PUT": (
        "text(NEW, {method: 'PUT', headers: JSON_BODY, body: JSON.stringify(SERVICE)})",
        {"403"},
    ),
    "PATCH": (
        "text(KEPT, {method: 'PATCH', headers: JSON_BODY, body: '{\"host\":\"evil.test\"}'})",
        {"403"},
    ),
    "DELETE": ("text(KEPT, {method: 'DELETE'})", {"403"}),
    "DELETE with a token": (
        "text(KEPT, {method: 'DELETE', headers: {'Kong-Admin-Token': 'x'}})",
        {"403"},
    ),
    "fetch, reading": ("text(AT)", {"403"}),
    "fetch, reading with credentials": ("text(AT, {credentials: 'include'})", {"403"}),
    "fetch without CORS, reading": ("text(AT, {mode: 'no-cors'})", {"403"}),
    "an image": ("loaded(Object.assign(new Image(), {src: AT}))", {"403"}),
    "a script": (
        "loaded(Object.assign(document.createElement('script'), {src: AT}))",
        {"403"},
    ),
    "a style sheet": (
        "loaded(Object.assign(document.createElement('link'), {rel: 'stylesheet', href: AT}), document.head)",
        {"403"},
    ),
    "a frame": ("framed({src: AT})", {"403"}),
    "a WebSocket": (
        "new Promise(done => { const socket = new WebSocket(AT.replace('http', 'ws'));"
        " socket.onopen = () => done('open'); socket.onerror = () => done('nothing'); })",
        {"403"},
    ),
    "an event source": (
        "new Promise(done => { const source = new EventSource(AT);"
        " source.onopen = () => done('open'); source.onerror = () => (source.close(), done('nothing')); })",
        {"403"},
    ),
    "a sandbox": (
        "(framed({sandbox: 'allow-scripts', srcdoc: FETCHING(AT)}), told())",
        {"403"},
    ),
    "a sandbox that writes": (
        "(framed({sandbox: 'allow-scripts', srcdoc: FETCHING(AT,"
        " {method: 'POST', mode: 'no-cors', body: JSON.stringify(SERVICE)})}), told())",
        {"403"},
    ),
    "a data URL": (
        "(framed({src: 'data:text/html,' + encodeURIComponent(FETCHING(AT))}), told())",
        {"403"},
    ),
    # A visitor may be led to see the answer. The page that led him does not see it.
    "a window": (
        "opened(AT)",
        {"200"},
    ),
}


@dataclass
class Scene:
    """A node, a server of pages and a browser.

    :param secure: the port of the Admin API's listener with TLS and HTTP/2.
    """

    site: Site
    browser: Any
    pages: int
    secure: int

    @property
    def log(self) -> Path:
        return self.site.directory / "admin.log"

    def mark(self, name: str) -> None:
        """Leave a line in the access log, to be found again."""
        self.site.admin("GET", f"/marks/{name}")

    def asked(self, mark: str) -> set[str]:
        """The statuses of the answers to browsers' requests for Services since a mark was left."""
        _, _, since = self.log.read_text().partition(f" /marks/{mark} ")
        return {
            status
            for path, status, agent in LINE.findall(since)
            if agent != "-" and path.startswith("/services")
        }

    def attempt(self, page_url: str, code: str, api: str) -> str:
        """Load a page and let it try something; gives what it could read."""
        context = self.browser.new_context(ignore_https_errors=True)
        try:
            page = context.new_page()
            page.goto(page_url)
            script = f"async () => {{ const API = {api!r}; {LIBRARY} return await within({code}); }}"
            return str(page.evaluate(script))
        finally:
            context.close()

    def services(self) -> list[tuple[str, str]]:
        """What is in the database."""
        return [(each["name"], each["host"]) for each in self.site.admin("GET", "/services").json["data"]]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A node that knows the pages of gui.test, with one Service."""
    with (
        page_server() as pages,
        running_browser() as browser,
        new_site(tmp_path_factory.mktemp("site")) as site,
    ):
        (secure,) = free_ports(1)
        site.configure(
            f"admin_listen = 127.0.0.1:{site.admin_port}, 127.0.0.1:{secure} http2 ssl\n"
            f"admin_access_log = {site.directory}/admin.log\n"
            f"admin_gui_url = http://other.test, http://gui.test:{pages}/manager\n"
        )
        site.serve()
        site.admin("POST", "/services", {"name": "kept", "host": SECRET})
        yield Scene(site, browser, pages, secure)


@pytest.mark.parametrize(
    ("attempt", "name"),
    [
        *((attempt, "localhost") for attempt in ATTEMPTS),
        *((attempt, "127.0.0.1") for attempt in ("a form", "fetch, JSON", "DELETE", "an image", "a sandbox")),
    ],
)
def test_a_page_of_another_site_can_neither_read_nor_write(scene: Scene, attempt: str, name: str) -> None:
    """The node is asked, refuses, and the page is told nothing."""
    code, expected = ATTEMPTS[attempt]
    stored, mark = scene.services(), f"{list(ATTEMPTS).index(attempt)}-{name}"
    api = f"http://{name}:{scene.site.admin_port}"
    scene.mark(mark)
    assert scene.attempt(f"http://evil.test:{scene.pages}/", code, api) == "nothing"
    wait_for(lambda: scene.asked(mark), 5)
    assert scene.asked(mark) == expected
    assert scene.services() == stored


@pytest.mark.parametrize("name", ["localhost.evil.test", "127.0.0.1.evil.test"])
@pytest.mark.parametrize("attempt", ["a form", "fetch, reading", "DELETE"])
def test_a_name_that_looks_like_ours_is_another_site(scene: Scene, attempt: str, name: str) -> None:
    """What stands before the dot does not count."""
    stored = scene.services()
    api = f"http://localhost:{scene.site.admin_port}"
    assert scene.attempt(f"http://{name}:{scene.pages}/", ATTEMPTS[attempt][0], api) == "nothing"
    assert scene.services() == stored


REBOUND = (
    "text('/services')",
    "text('/services', {method: 'POST', headers: JSON_BODY, body: JSON.stringify(SERVICE)})",
    "text('/services/kept', {method: 'DELETE'})",
    "text('/services', {method: 'POST', body: new URLSearchParams(SERVICE)})",
    "framed({src: '/services'})",
)


@pytest.mark.parametrize("code", REBOUND)
@pytest.mark.parametrize("name", ["evil.test", "localhost.evil.test"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_made_to_lead_here_is_refused(scene: Scene, scheme: str, name: str, code: str) -> None:
    """DNS rebinding: of the same origin for the browser, so the page may read – but all it reads is 403."""
    stored = scene.services()
    port = scene.site.admin_port if scheme == "http" else scene.secure
    origin = f"{scheme}://{name}:{port}"
    read = scene.attempt(f"{origin}/", code, origin)
    assert SECRET not in read
    assert read == "nothing" or read.startswith("403 ")
    assert scene.services() == stored


def test_browsers_speak_http2_to_the_listener_with_tls(scene: Scene) -> None:
    """What was refused over https was refused over HTTP/2."""
    code = "text(API + '/services').then(() => performance.getEntriesByType('navigation')[0].nextHopProtocol)"
    api = f"https://localhost:{scene.secure}"
    assert scene.attempt(f"{api}/services", code, api) == "h2"
    wait_for(lambda: '"GET /services HTTP/2.0" 200' in scene.log.read_text())


GUI = """(async () => {
    const headers = {...JSON_BODY, 'Kong-Admin-Token': 'none needed', 'Authorization': 'Bearer none needed'};
    const put = await fetch(API + '/services/by-gui',
        {method: 'PUT', headers, body: JSON.stringify({host: 'a'})});
    const tag = put.headers.get('ETag'), position = put.headers.get('X-Kong-Position');
    const patch = await fetch(API + '/services/by-gui',
        {method: 'PATCH', headers: {...headers, 'If-Match': tag}, body: JSON.stringify({host: 'b'})});
    const late = await fetch(API + '/services/by-gui',
        {method: 'PATCH', headers: {...headers, 'If-Match': tag}, body: JSON.stringify({host: 'c'})});
    const made = await (await fetch(API + '/services/by-gui', {credentials: 'include'})).json();
    const gone = await fetch(API + '/services/by-gui', {method: 'DELETE'});
    return [put.status, patch.status, late.status, made.host, gone.status, !!position].join(' ');
})()"""


@pytest.mark.parametrize("page", ["gui.test", "localhost", "127.0.0.1"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_operators_own_pages_work(scene: Scene, page: str, scheme: str) -> None:
    """A configured origin, and pages of this machine, read and write with all headers that they need."""
    port = scene.site.admin_port if scheme == "http" else scene.secure
    url = f"http://{page}:{scene.pages}/manager/"
    assert scene.attempt(url, GUI, f"{scheme}://localhost:{port}") == "200 200 412 b 204 true"
