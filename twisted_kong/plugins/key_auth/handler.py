"""Tells a Consumer by the key that a request carries in a header, its query or its body.

The path of a known key is synchronous: two looks into the cache, and headers that were made ready at the
first request with this key.  For one in the header that is looked into first there is a shortcut.
Keys that clients make up are remembered only by the cache, which bounds its misses apart.
"""

from __future__ import annotations

from typing import Any, NoReturn

from twisted_kong.core.changes import Entity
from twisted_kong.core.context import BodyTooLarge, RequestContext
from twisted_kong.core.headers import HeaderEdits
from twisted_kong.core.query import without
from twisted_kong.core.schema.fields import not_utf8
from twisted_kong.pdk.bodies import (
    JSON,
    MULTIPART,
    BodyError,
    boundary_of,
    encode_json,
    media_type,
    multipart_without,
)
from twisted_kong.pdk.call import Conf
from twisted_kong.pdk.chains import Shortcut
from twisted_kong.pdk.consumers import Identities
from twisted_kong.pdk.gateway import Gateway
from twisted_kong.pdk.kong import Kong
from twisted_kong.pdk.node import ABSENT, MISS
from twisted_kong.pdk.texts import PreparedHeaders

_NO_KEY = "No API key found in request"
_DUPLICATE = "Duplicate API key found"
_UNAUTHORIZED = "Unauthorized"
# Keys of clients that were let in.
_REMEMBERED = 10_000

Admitted = tuple[str, Entity, str, Entity, PreparedHeaders]
"""Whom a key belongs to: where the cache has the credential, it itself, the same of the Consumer, headers."""


class Refusal(Exception):
    """Why a request is not let in."""


Place = tuple[str, str, str]
"""Where a key was found: its text, the name it stood under, and in which part of the request."""


class Ready:
    """A configuration, made ready."""

    __slots__ = ("anonymous", "body", "first", "header", "hide", "names", "preflight", "query")

    def __init__(self, conf: Conf) -> None:
        # A header may be sent with a dash for each underscore of its name, as in Kong.
        self.names = {
            name: list(dict.fromkeys((lower, lower.replace(b"_", b"-"))))
            for name in conf["key_names"]
            for lower in [name.lower().encode("latin-1", "replace")]
        }
        self.anonymous: str | None = conf["anonymous"]
        self.body: bool = conf["key_in_body"]
        self.header: bool = conf["key_in_header"]
        self.hide: bool = conf["hide_credentials"]
        self.preflight: bool = conf["run_on_preflight"]
        self.query: bool = conf["key_in_query"]
        # The header that is looked into before all else, where a key in it is all that matters.
        self.first: bytes | None = None
        if self.header and self.preflight and not self.hide and not self.anonymous:
            self.first = next(iter(self.names.values()))[0]


def _ready(conf: Conf) -> Ready:
    ready: Ready | None = conf.memo
    if ready is None:
        ready = conf.memo = Ready(conf)
    return ready


class Handler:
    """Lets in who has a key."""

    PRIORITY = 1250
    VERSION = "3.9.1"

    def __init__(self) -> None:
        self._identities = Identities()
        # By a key as it was sent.
        self._admitted: dict[bytes, Admitted] = {}

    def access(self, kong: Kong, conf: Conf) -> Any:
        """Authenticate; a coroutine is returned only where something must be waited for."""
        ready: Ready = conf.memo or _ready(conf)
        if not ready.preflight and kong.request.get_method() == "OPTIONS":
            return None
        if ready.anonymous and kong.client.get_credential() is not None:
            # Another plugin has let the client in, and one is enough.
            return None
        if ready.body:
            return self._with_body(kong, conf)
        try:
            place = _find(kong, ready)
        except Refusal as refusal:
            return self._refuse(kong, conf, str(refusal))
        if place is None:
            return self._refuse(kong, conf, _NO_KEY)
        if ready.hide:
            _hide(kong, ready, place[1])
        return self._known(kong, conf, place)

    def access_shortcut(self, conf: Conf, gateway: Gateway) -> Shortcut | None:
        """Let in who was let in with this key before, if the cache still says so."""
        header = _ready(conf).first
        if header is None:
            return None
        peek = gateway.cache.peek
        known = self._admitted

        def again(context: RequestContext) -> bool:
            upstream = context.upstream
            if upstream is None or upstream.edits is not None:
                return False
            key = context.head.block.only(header)
            admitted = None if key is None else known.get(key)
            if admitted is None:
                return False
            at, credential, consumer_at, consumer, headers = admitted
            if peek(at) is not credential or peek(consumer_at) is not consumer:
                return False
            context.consumer = consumer
            context.credential = credential
            upstream.edits = HeaderEdits(headers.names, headers.lines)
            return True

        return again

    def _known(self, kong: Kong, conf: Conf, place: Place) -> Any:
        """Where all is cached nothing is waited for."""
        key = place[0]
        workspace = kong.call.gateway.database.workspace
        # Not kong.cache: to make a module costs more than the look into the cache.
        peek = kong.surroundings.cache.peek
        at = f"keyauth_credentials:{key}:::::{workspace}"
        credential = peek(at)
        if credential is MISS:
            return self._refuse(kong, conf, _UNAUTHORIZED)
        if credential is not ABSENT:
            consumer_at = f"consumers:{credential['consumer']['id']}:::::{workspace}"
            consumer = peek(consumer_at)
            if consumer is not ABSENT and consumer is not MISS:
                if len(self._admitted) >= _REMEMBERED:
                    self._admitted.clear()
                headers = self._identities.headers(consumer, credential, credential["id"])
                admitted = at, credential, consumer_at, consumer, headers
                self._admitted[key.encode("utf-8", "surrogateescape")] = admitted
                self._identities.authenticate(kong, consumer, credential, credential["id"])
                return None
        return self._slowly(kong, conf, key)

    async def _with_body(self, kong: Kong, conf: Conf) -> None:
        """Where the body has to be read for the key."""
        ready = _ready(conf)
        try:
            place = await _find_with_body(kong, ready)
        except Refusal as refusal:
            await self._refused(kong, conf, str(refusal))
            return
        if place is None:
            await self._refused(kong, conf, _NO_KEY)
            return
        if ready.hide:
            _hide(kong, ready, place[1])
            if place[2] == "body":
                await _hide_in_body(kong, place[1])
        await self._slowly(kong, conf, place[0])

    async def _slowly(self, kong: Kong, conf: Conf, key: str) -> None:
        """Where something may have to be read from the database."""

        async def load() -> Any:
            return await kong.db["keyauth_credentials"].select_by("key", key)

        credential = await kong.cache.get(kong.cache.key("keyauth_credentials", key), load)
        if credential is None:
            await self._refused(kong, conf, _UNAUTHORIZED)
            return
        consumer = await kong.client.load_consumer(credential["consumer"]["id"])
        if consumer is None:
            raise RuntimeError(f"the Consumer of key {credential['id']} does not exist")
        self._identities.authenticate(kong, consumer, credential, credential["id"])

    def _refuse(self, kong: Kong, conf: Conf, message: str) -> Any:
        if conf["anonymous"]:
            return self._refused(kong, conf, message)
        _deny(kong, conf, message)

    async def _refused(self, kong: Kong, conf: Conf, message: str) -> None:
        anonymous: str | None = conf["anonymous"]
        if not anonymous:
            _deny(kong, conf, message)
        consumer = await kong.client.load_consumer(anonymous, True)
        if consumer is None:
            raise RuntimeError(f"anonymous consumer {anonymous} is configured but doesn't exist")
        self._identities.authenticate(kong, consumer, None, None)


def _deny(kong: Kong, conf: Conf, message: str) -> NoReturn:
    realm = conf["realm"]
    challenge = f'Key realm="{realm}"' if realm else "Key"
    kong.response.error(401, message, {"WWW-Authenticate": challenge})


def _find(kong: Kong, ready: Ready) -> Place | None:
    """The first of the names that has a key, in a header or else in the query."""
    for name, keys in ready.names.items():
        place = _find_named(kong, ready, name, keys)
        if place is not None:
            return place
    return None


def _find_named(kong: Kong, ready: Ready, name: str, keys: list[bytes]) -> Place | None:
    call = kong.call
    if ready.header:
        for key in keys:
            values = call.received_values(key)
            if values:
                if len(values) > 1:
                    raise Refusal(_DUPLICATE)
                if values[0]:
                    # Keys are kept as text, and text is sent as UTF-8.
                    return _place_of(values[0].decode("utf-8", "surrogateescape"), name, "header")
                break
    if ready.query and call.context.head.query:
        return _place_of(kong.request.get_query().get(name), name, "query")
    return None


def _place_of(value: object, name: str, part: str) -> Place | None:
    if isinstance(value, list):
        raise Refusal(_DUPLICATE)
    if not isinstance(value, str) or not value:
        return None
    if not_utf8(value) is not None:
        # No key that is kept can be this one, and no store can be asked for it.
        raise Refusal(_UNAUTHORIZED)
    return value, name, part


async def _find_with_body(kong: Kong, ready: Ready) -> Place | None:
    """The same with the body as the last place of each name."""
    table: Any = None
    for name, keys in ready.names.items():
        place = _find_named(kong, ready, name, keys)
        if place is not None:
            return place
        if table is None:
            table = await _body_table(kong)
        place = _place_of(table.get(name), name, "body")
        if place is not None:
            return place
    return None


async def _body_table(kong: Kong) -> dict[str, Any]:
    try:
        table = await kong.request.get_body()
    except (BodyError, BodyTooLarge):
        return {}
    return table if isinstance(table, dict) else {}


def _hide(kong: Kong, ready: Ready, name: str) -> None:
    """Take the key out of the headers and the query that the Service gets, wherever it was found."""
    edits = kong.call.upstream().change_headers()
    for key in ready.names[name]:
        edits.remove(key)
    if kong.request.get_raw_query() and name in kong.request.get_query():
        kong.service.request.clear_query_arg(name)


async def _hide_in_body(kong: Kong, name: str) -> None:
    content_type = kong.request.get_header("content-type") or ""
    kind = media_type(content_type)
    raw = await kong.request.get_raw_body()
    if kind == JSON:
        table = await _body_table(kong)
        body = encode_json({key: value for key, value in table.items() if key != name})
    elif kind == MULTIPART:
        body = multipart_without(raw, boundary_of(content_type), name)
    else:
        body = without(raw, name)
    kong.service.request.set_raw_body(body)
