"""What is known of one property of kong.conf, apart from its value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How the text of a value is read; each refines one of Kong's types (:attr:`kong_type`)."""

    STRING = "string"
    BOOLEAN = "boolean"
    NGX_BOOLEAN = "ngx_boolean"
    NUMBER = "number"
    ENUM = "enum"
    ARRAY = "array"
    # Ours, each finer than the type that Kong gives the property.
    INTEGER = "integer"
    SIZE = "size"
    TIME = "time"
    BUFFERS = "buffers"
    WORKERS = "workers"
    LOG = "log"
    UUID = "uuid"
    LISTENERS = "listeners"
    STREAM_LISTENERS = "stream listeners"
    HEADERS = "headers"
    HEADERS_UPSTREAM = "headers upstream"
    NETWORKS = "networks"
    PORT_MAPS = "port maps"
    RESOLVERS = "resolvers"
    CHOICES = "choices"

    @property
    def kong_type(self) -> str:
        """The name of Kong's type, as its error texts have it."""
        return _KONG_TYPES.get(self, self.value)


_KONG_TYPES = {
    Kind.INTEGER: "number",
    **dict.fromkeys((Kind.SIZE, Kind.TIME, Kind.BUFFERS, Kind.WORKERS, Kind.LOG, Kind.UUID), "string"),
    **dict.fromkeys((Kind.LISTENERS, Kind.STREAM_LISTENERS, Kind.HEADERS, Kind.HEADERS_UPSTREAM), "array"),
    **dict.fromkeys((Kind.NETWORKS, Kind.PORT_MAPS, Kind.RESOLVERS, Kind.CHOICES), "array"),
}

ARRAY_KINDS = frozenset(kind for kind in Kind if kind.kong_type == "array")


class Status(Enum):
    """What this version makes of a property."""

    HONOURED = "honoured"
    LATER = "later"
    """Read and checked, without effect yet: one warning when set to something else than its default."""
    IGNORED = "ignored"
    """Only meaningful for nginx, Lua or a mode of Kong that does not exist here: one warning likewise."""


class Source(Enum):
    """Where a property comes from, for the comparison with the reference."""

    KONG = "kong"
    CASSANDRA = "kong 3.3"
    NGINX = "nginx"
    """A directive that Kong would inject into nginx.conf unread, and that means something here too."""
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Property:
    """One property: its form, default and meaning.

    ``default`` is the text that would stand in the file, None for unset.  ``allowed`` lists the values of
    an ``ENUM`` or the elements of ``CHOICES``.  ``alias_of`` names the property that takes this one's value
    when it is not set itself; ``deprecated`` tells that using the old name is worth a warning.
    ``minimum`` and ``maximum`` bound numbers, inclusively; ``bound_text`` is Kong's message for them.
    ``because`` ends the sentence "… is ignored: " for an ignored property.
    """

    name: str
    kind: Kind
    default: str | None
    about: str
    status: Status = Status.HONOURED
    allowed: tuple[str, ...] = ()
    sensitive: bool = False
    alias_of: str | None = None
    deprecated: bool = False
    minimum: float | None = None
    maximum: float | None = None
    bound_text: str = ""
    because: str = ""
    source: Source = Source.KONG

    @property
    def environment_name(self) -> str:
        """The environment variable that sets it."""
        return f"KONG_{self.name.upper()}"


@dataclass(frozen=True, slots=True)
class Group:
    """Properties that belong together, in the order in which they are documented."""

    name: str
    title: str
    about: str
    properties: tuple[Property, ...]
