"""The page of the OpenAPI document in a real browser: it works under its own policy, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.browser import running_browser
from tests.kit.site import new_site

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a node serves the page."""
    directory: Path = tmp_path_factory.mktemp("openapi")
    with new_site(directory) as site:
        site.serve()
        yield f"http://127.0.0.1:{site.admin_port}/openapi"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real Chromium."""
    with running_browser() as running:
        yield running


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A tab that fails its test where anything was refused or went wrong in it."""
    tab = browser.new_page()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    yield tab
    assert wrong == []
    tab.close()


def test_searching_leaves_what_holds_all_words(page: Any, address: str) -> None:
    """The others are hidden, with the headings that have nothing left below them."""
    page.goto(address)
    page.fill("#search", "key-auth delete")
    shown = page.locator("details[data-find]:visible").count()
    assert page.inner_text("#found") == f"{shown} found"
    assert 0 < shown < 10
    assert page.locator("nav a:visible").count() < 5


def test_a_link_opens_the_operation(page: Any, address: str) -> None:
    """Whoever is sent a link sees what it is about."""
    page.goto(f"{address}#createService")
    assert page.locator("#createService").evaluate("operation => operation.open") is True


def test_lines_of_curl_name_this_node_and_can_be_copied(page: Any, address: str) -> None:
    """What is copied can be pasted into a shell as it is."""
    page.goto(f"{address}#createService")
    line = page.locator("#createService pre.curl").inner_text()
    assert line.startswith(f"curl -X POST {address.removesuffix('/openapi')}/services ")
    button = page.locator("#createService .copy button").last
    button.click()
    page.wait_for_function(
        "() => document.querySelector('#createService .copy:has(.curl) button').textContent == 'Copied'"
    )


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_the_page_follows_the_reader(browser: Any, address: str, scheme: str, dark: bool) -> None:
    """Light or dark, as the browser prefers, and never wider than a phone."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 800})
    tab = context.new_page()
    tab.goto(f"{address}#createPlugin")
    colour = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    red = int(colour.removeprefix("rgb(").split(",")[0])
    assert (red < 128) is dark
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
