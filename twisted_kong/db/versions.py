"""Which of two versions of this program is the newer one, by the rules of Python's package versions."""

from __future__ import annotations

import re

# PEP 440, as far as releases of one program differ: what stands before a ! or after a + is left out.
_VERSION = re.compile(
    r"v?(?:\d+!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>a|alpha|b|beta|c|rc|pre|preview)[-_.]?(?P<pre_number>\d*))?"
    r"(?:-(?P<bare_post>\d+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_number>\d*))?"
    r"(?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_number>\d*))?(?:\+.*)?\Z",
    re.IGNORECASE,
)
_PRE = {"a": 0, "alpha": 0, "b": 1, "beta": 1}
_CANDIDATE, _FINAL = 2, 3

Key = tuple[tuple[int, ...], tuple[int, int], int, float]


def is_newer(version: str, than: str) -> bool:
    """Whether a version came after another one; a text that is no version is not newer than anything."""
    key, other = _key(version), _key(than)
    return key is not None and other is not None and key > other


def _key(text: str) -> Key | None:
    """What versions are sorted by."""
    match = _VERSION.match(text.strip())
    if match is None:
        return None
    release = [int(part) for part in match["release"].split(".")]
    while release and release[-1] == 0:
        release.pop()
    post = -1
    if match["post"] or match["bare_post"]:
        post = int(match["bare_post"] or match["post_number"] or 0)
    if match["pre"]:
        pre = (_PRE.get(match["pre"].lower(), _CANDIDATE), int(match["pre_number"] or 0))
    else:
        # a version in development comes before its first trial, unless it follows a release
        pre = (-1, 0) if match["dev"] and post < 0 else (_FINAL, 0)
    dev = float(match["dev_number"] or 0) if match["dev"] else float("inf")
    return tuple(release), pre, post, dev
