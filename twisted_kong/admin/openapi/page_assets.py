"""The style sheet and the script of the page: both stand in it, and its security policy names them."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files


def _text(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")


def _source(text: str) -> str:
    return "'sha256-" + b64encode(sha256(text.encode()).digest()).decode("ascii") + "'"


STYLE = _text("page.css")
SCRIPT = _text("page.js")

# Nothing but what stands in the page itself is loaded, run or framed.
POLICY = (
    f"default-src 'none'; style-src {_source(STYLE)}; script-src {_source(SCRIPT)}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
