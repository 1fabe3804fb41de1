from __future__ import annotations

import re

from twisted_kong.service.host import Host


def host(*chunks: bytes) -> Host:
    """A host whose random bytes are these, in order."""
    supply = iter(chunks)
    return Host("machine", lambda: 1, lambda: "uuid", lambda count: next(supply))


def test_a_token_has_the_form_of_kong() -> None:
    """Keys and secrets are 32 letters and digits."""
    assert host(bytes(range(24))).new_token() == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"


def test_a_token_never_holds_what_urls_and_forms_would_change() -> None:
    """Slashes and plus signs are replaced by random letters, each by its own."""
    token = host(b"\xfb\xff" + bytes(22), b"\x00", b"\x01", b"\x02", b"\x1b").new_token()
    assert re.fullmatch(r"[A-Za-z0-9]{32}", token)
