"""Asks one HTTP/1.1 server again and again over a few keep-alive connections, and notes how long each took.

Requests are bytes made beforehand, and of an answer no more is read than where it ends, so that the client
costs little beside the server.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

PIECE = 262_144
PATIENCE = 30.0


@dataclass
class Asked:
    """What became of some requests: seconds each took, and the answers that were no success."""

    seconds: list[float] = field(default_factory=list)
    failed: list[bytes] = field(default_factory=list)
    elapsed: float = 0.0

    def percentile(self, part: float) -> float:
        """The time that this part of the requests did not exceed."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class Client:
    """One connection with one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self.began = 0.0

    def send(self, request: bytes) -> None:
        """Send a request, not waiting for its answer."""
        self._received = b""
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """Read what is there; the answer when it is complete.

        :raises ConnectionError: the server closed the connection.
        """
        piece = self.socket.recv(PIECE)
        if not piece:
            raise ConnectionError("the server closed the connection")
        self._received += piece
        return self._received if is_complete(self._received) else None


def is_complete(received: bytes) -> bool:
    """Whether an answer has come to its end, which its Content-Length tells."""
    head, blank, body = received.partition(b"\r\n\r\n")
    if not blank:
        return False
    if head.startswith(b"HTTP/1.1 204"):
        return True
    _, _, rest = head.lower().partition(b"content-length:")
    return len(body) >= int(rest.split(b"\r\n", 1)[0])


def encode(method: str, path: str, body: bytes = b"") -> bytes:
    """A request with a JSON body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def ask(port: int, requests: Iterator[bytes], *, clients: int, seconds: float) -> Asked:
    """Send requests by so many clients, each its next one as soon as the last is answered.

    :param requests: ends after ``seconds``, or when it has no more.
    """
    asked = Asked()
    with selectors.DefaultSelector() as selector:
        connections = [Client(port) for _ in range(clients)]
        began = time.perf_counter()
        for client in connections:
            selector.register(client.socket, selectors.EVENT_READ, client)
            client.send(next(requests))
        waiting = clients
        while waiting:
            for ready, _ in selector.select(PATIENCE):
                client = ready.data
                answer = client.receive()
                if answer is None:
                    continue
                now = time.perf_counter()
                asked.seconds.append(now - client.began)
                if not answer.startswith(b"HTTP/1.1 2"):
                    asked.failed.append(answer)
                request = next(requests, None) if now - began < seconds else None
                if request is None:
                    waiting -= 1
                else:
                    client.send(request)
        asked.elapsed = time.perf_counter() - began
    for client in connections:
        client.socket.close()
    return asked
