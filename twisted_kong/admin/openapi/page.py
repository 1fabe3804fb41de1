"""The document as one page of HTML that needs nothing else: an index by kind, a search, every operation.

It is made from the same pieces as the document itself, and piece by piece, so that making it holds nobody
up.  Without the script everything is readable; the script searches, copies and opens what is linked to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from twisted_kong.admin.openapi.document import place
from twisted_kong.admin.openapi.examples import curl_line, example_of
from twisted_kong.admin.openapi.page_assets import POLICY, SCRIPT, STYLE
from twisted_kong.admin.openapi.page_tables import (
    arguments_table,
    fields_table,
    marked,
    replies_table,
    schema_link,
)

Json = dict[str, Any]

SECURITY_HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)
METHODS = ("get", "post", "put", "patch", "delete")


def rendered(parts: Iterable[tuple[tuple[str, ...], Any]]) -> Iterator[bytes]:
    """The page, bit by bit."""
    document: Json = {}
    for path, value in parts:
        place(document, path, value)
        yield b""
    for text in _texts(document):
        yield text.encode("utf-8")


def _texts(document: Json) -> Iterator[str]:
    headings = _by_heading(document)
    yield _head(document, headings)
    for number, (tag, operations) in enumerate(headings.items()):
        yield _section(f"tag-{number}", tag)
        for method, path, item in operations:
            yield _operation(method, path, item, document)
        yield "</section>"
    yield _section("bodies", "Bodies")
    for name, schema in document["components"]["schemas"].items():
        yield _schema(name, schema)
    yield f"</section></main></div><script>{SCRIPT}</script></body></html>\n"


def _section(name: str, heading: str) -> str:
    return f'<section id="{name}" aria-labelledby="h-{name}"><h2 id="h-{name}">{escape(heading)}</h2>'


def _by_heading(document: Json) -> dict[str, list[tuple[str, str, Json]]]:
    headings: dict[str, list[tuple[str, str, Json]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                headings.setdefault(item[method]["tags"][0], []).append((method, path, item))
    for operations in headings.values():
        # a kind's own paths before those through others
        operations.sort(key=lambda each: (each[1].count("/"), each[1], METHODS.index(each[0])))
    return {tag: operations for tag, operations in headings.items() if operations}


def _head(document: Json, headings: dict[str, list[tuple[str, str, Json]]]) -> str:
    info = document["info"]
    links = "".join(
        f'<li><a href="#tag-{number}">{escape(tag)} <span>{len(operations)}</span></a></li>'
        for number, (tag, operations) in enumerate(headings.items())
    )
    about = "".join(f"<p>{marked(each)}</p>" for each in info["description"].split("\n\n"))
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(info['title'])}</title><style>{STYLE}</style></head><body>"
        '<a class="skip" href="#main">To the operations</a>'
        f"<header><h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>"
        '<label>Search <input id="search" type="search" placeholder="path, method or words"'
        ' autocomplete="off"></label><span id="found" role="status"></span>'
        '<a href="openapi.json">openapi.json</a></header><div class="page">'
        f'<nav aria-label="Kinds"><h2>Operations</h2><ul>{links}</ul>'
        '<ul><li><a href="#bodies">Bodies</a></li></ul></nav>'
        f'<main id="main">{about}'
    )


def _operation(method: str, path: str, item: Json, document: Json) -> str:
    told = item[method]
    find = escape(f"{method} {path} {told['summary']} {told['operationId']}".lower(), quote=True)
    old = " old" if told.get("deprecated") else ""
    lines = [
        f'<details id="{told["operationId"]}" data-find="{find}"><summary>'
        f'<span class="m {method}">{method.upper()}</span><code class="path{old}">{escape(path)}</code>'
        f'<span class="sum">{marked(told["summary"])}</span></summary><div class="in">'
    ]
    if "description" in told:
        lines.append(f"<p>{marked(told['description'])}</p>")
    arguments = [*item.get("parameters", ()), *told.get("parameters", ())]
    if arguments:
        lines.append(f"<h3>Arguments</h3>{arguments_table(arguments, document)}")
    example = None
    if "requestBody" in told:
        content = told["requestBody"]["content"]
        media, body = next(iter(content.items()))
        example = example_of(body["schema"], document)
        lines.append(f"<h3>Body</h3><p>{schema_link(body['schema'])} as {escape(', '.join(content))}</p>")
        if media.startswith("application/json"):
            lines.append(_copyable(json.dumps(example, indent=2, ensure_ascii=False)))
    lines.append(f"<h3>With curl</h3>{_copyable(curl_line(method, path, example), 'curl')}")
    lines.append(f"<h3>Answers</h3>{replies_table(told['responses'], document)}</div></details>")
    return "".join(lines)


def _schema(name: str, schema: Json) -> str:
    find = escape(f"body {name}".lower(), quote=True)
    about = f"<p>{marked(schema['description'])}</p>" if "description" in schema else ""
    return (
        f'<details id="schema-{escape(name)}" data-find="{find}">'
        f"<summary><code>{escape(name)}</code></summary>"
        f'<div class="in">{about}{fields_table(schema)}</div></details>'
    )


def _copyable(text: str, kind: str = "json") -> str:
    return f'<div class="copy"><pre class="{kind}">{escape(text)}</pre></div>'
