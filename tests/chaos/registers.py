"""What is written and read in a run: kinds of registers, how each is written, and what answers show of it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

from tests.chaos.history import ABSENT, State
from tests.kit.cluster import Truth
from tests.kit.http_asking import Asker, Reply

# Registers of each kind.
COUNT = 2


class Unexpected(Exception):
    """An answer of the proxy that shows nothing of the register."""


@dataclass(frozen=True)
class Attempt:
    """One write to be tried, and the effect that it shall have."""

    effect: str
    method: str
    path: str
    record: Any = None


class Register(Protocol):
    """One register.

    ``held`` says that nodes serve it from what they hold whole: no query is ever needed for it.
    ``lookup`` is the path at the Admin API where the entity is found whatever its id; None if that is known.
    """

    name: str
    held: bool
    lookup: str | None

    async def make(self, admin: Asker, upstream: int) -> None:
        """Make what it needs, and its first state."""

    def attempt(self, version: str) -> Attempt:
        """The next write, which is to bring the version if it brings any."""

    def learn(self, reply: Reply) -> None:
        """Make what there is to be made of the answer to an attempt."""

    def request(self) -> tuple[str, Mapping[str, str]]:
        """Path and headers of a request that shows it."""

    def shown(self, reply: Reply) -> str:
        """What an answer shows; Unexpected if nothing."""

    def state(self, change: Truth) -> State | None:
        """What a committed change made of it; None for one of another register."""


async def create(admin: Asker, path: str, record: Any) -> dict[str, Any]:
    """Make an entity, which must succeed."""
    reply = await admin.ask("POST", path, record)
    assert reply.status == 201, (path, reply)
    made: dict[str, Any] = reply.json
    return made


class _Updated(ABC):
    """A register that is one entity with a field that is updated, for ever."""

    held = True
    lookup = None
    path = ""

    def __init__(self, number: int) -> None:
        self.name = f"{type(self).__name__.lower()}-{number}"
        self.id = ""

    def attempt(self, version: str) -> Attempt:
        return Attempt(version, "PATCH", f"{self.path}/{self.id}", self.record(version))

    @abstractmethod
    def record(self, version: str) -> dict[str, Any]:
        """What brings a version."""

    @abstractmethod
    def version(self, entity: Mapping[str, Any]) -> str:
        """Which version an entity is."""

    def learn(self, reply: Reply) -> None:
        """Nothing is to be learnt."""
        return None

    def request(self) -> tuple[str, Mapping[str, str]]:
        return f"/{self.name}", {}

    def state(self, change: Truth) -> State | None:
        if change.id != self.id:
            return None
        version = self.version(change.entity)
        return State(version, version)


class Message(_Updated):
    """The message of a Plugin, which the node answers with."""

    path = "/plugins"

    async def make(self, admin: Asker, upstream: int) -> None:
        await create(admin, "/routes", {"name": self.name, "paths": [f"/{self.name}"]})
        plugin = {"name": "request-termination", **self.record(f"{self.name}.0")}
        self.id = (await create(admin, f"/routes/{self.name}/plugins", plugin))["id"]

    def record(self, version: str) -> dict[str, Any]:
        return {"config": {"status_code": 200, "message": version}}

    def version(self, entity: Mapping[str, Any]) -> str:
        return str(entity["config"]["message"])

    def shown(self, reply: Reply) -> str:
        if reply.status != 200:
            raise Unexpected(str(reply.status))
        return str(reply.json["message"])


class Path(_Updated):
    """The path of a Service, which its server sees."""

    path = "/services"

    async def make(self, admin: Asker, upstream: int) -> None:
        url = f"http://127.0.0.1:{upstream}/{self.name}.0"
        self.id = (await create(admin, "/services", {"name": self.name, "url": url}))["id"]
        await create(admin, f"/services/{self.name}/routes", {"paths": [f"/{self.name}"]})

    def record(self, version: str) -> dict[str, Any]:
        return {"path": f"/{version}"}

    def version(self, entity: Mapping[str, Any]) -> str:
        return str(entity["path"]).strip("/")

    def shown(self, reply: Reply) -> str:
        return str(_seen(reply)["target"]).strip("/")


class Owner(_Updated):
    """The name of the Consumer to whom a key belongs."""

    held = False
    path = "/consumers"

    async def make(self, admin: Asker, upstream: int) -> None:
        self.id = (await create(admin, "/consumers", self.record(f"{self.name}.0")))["id"]
        await create(admin, f"/consumers/{self.id}/key-auth", {"key": self.name})

    def record(self, version: str) -> dict[str, Any]:
        return {"username": version}

    def version(self, entity: Mapping[str, Any]) -> str:
        return str(entity["username"])

    def request(self) -> tuple[str, Mapping[str, str]]:
        return "/keys", {"apikey": self.name}

    def shown(self, reply: Reply) -> str:
        return str(_seen(reply)["headers"]["x-consumer-username"])


class _Coming(ABC):
    """A register that is an entity which comes and goes, each time with another id."""

    held = True
    kind = ""
    path = ""

    def __init__(self, number: int) -> None:
        self.name = f"{type(self).__name__.lower()}-{number}"
        self._there: str | None = None

    @abstractmethod
    def record(self) -> dict[str, Any]:
        """What makes it."""

    def attempt(self, version: str) -> Attempt:
        if self._there is not None:
            there, self._there = self._there, None
            return Attempt(f"-{there}", "DELETE", f"{self.path}/{there}")
        new = str(uuid4())
        return Attempt(new, "PUT", f"{self.path}/{new}", self.record())

    def learn(self, reply: Reply) -> None:
        if reply.status in (200, 201) and reply.body:
            self._there = str(reply.json["id"])

    def state(self, change: Truth) -> State | None:
        if change.kind != self.kind or not self.is_mine(change.entity):
            return None
        if change.operation == "DELETE":
            return State(f"-{change.id}", ABSENT, change.id)
        return State(change.id, change.id, change.id)

    @abstractmethod
    def is_mine(self, entity: Mapping[str, Any]) -> bool:
        """Whether an entity is of this register."""


class Way(_Coming):
    """A Route that comes and goes."""

    kind = "routes"
    path = "/routes"

    @property
    def lookup(self) -> str:
        return f"{self.path}/{self.name}"

    async def make(self, admin: Asker, upstream: int) -> None:
        url = f"http://127.0.0.1:{upstream}"
        await create(admin, "/services", {"name": self.name, "url": url})
        self.learn(await admin.ask("PUT", f"/routes/{uuid4()}", self.record()))

    def record(self) -> dict[str, Any]:
        return {"name": self.name, "paths": [f"/{self.name}"], "service": {"name": self.name}}

    def is_mine(self, entity: Mapping[str, Any]) -> bool:
        return entity["name"] == self.name

    def request(self) -> tuple[str, Mapping[str, str]]:
        return f"/{self.name}", {"Kong-Debug": "1"}

    def shown(self, reply: Reply) -> str:
        if reply.status == 404:
            return ABSENT
        _seen(reply)
        return reply.headers["kong-route-id"]


class Key(_Coming):
    """A key that comes and goes."""

    held = False
    kind = "keyauth_credentials"

    @property
    def path(self) -> str:
        return f"/consumers/{self.name}/key-auth"

    @property
    def lookup(self) -> str:
        return f"{self.path}/{self.name}"

    async def make(self, admin: Asker, upstream: int) -> None:
        await create(admin, "/consumers", {"username": self.name})
        self.learn(await admin.ask("PUT", f"{self.path}/{uuid4()}", self.record()))

    def record(self) -> dict[str, Any]:
        return {"key": self.name}

    def is_mine(self, entity: Mapping[str, Any]) -> bool:
        return entity["key"] == self.name

    def request(self) -> tuple[str, Mapping[str, str]]:
        return "/keys", {"apikey": self.name}

    def shown(self, reply: Reply) -> str:
        if reply.status == 401:
            return ABSENT
        return str(_seen(reply)["headers"]["x-credential-identifier"])


async def make_registers(admin: Asker, upstream: int) -> list[Register]:
    """All registers, in their first state."""
    await create(admin, "/services", {"name": "keys", "url": f"http://127.0.0.1:{upstream}"})
    await create(admin, "/services/keys/routes", {"paths": ["/keys"]})
    await create(admin, "/services/keys/plugins", {"name": "key-auth"})
    registers: list[Register] = [
        kind(number) for number in range(COUNT) for kind in (Message, Path, Owner, Way, Key)
    ]
    for register in registers:
        await register.make(admin, upstream)
    return registers


def truth_of(registers: list[Register], changes: list[Truth]) -> dict[str, list[State]]:
    """The truth of each register."""
    found: dict[str, list[State]] = {register.name: [] for register in registers}
    for change in changes:
        for register in registers:
            state = register.state(change)
            if state is not None:
                found[register.name].append(state)
    return found


def _seen(reply: Reply) -> dict[str, Any]:
    """What the Service's server saw."""
    if reply.status != 200:
        raise Unexpected(str(reply.status))
    try:
        seen: dict[str, Any] = json.loads(reply.body)
    except ValueError:
        raise Unexpected(f"200 {reply.body!r}") from None
    return seen
