"""A file of 500 entities as decK reads and writes them: every kind that it manages."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from tests.kit.certificates import make_certificate

COUNT = 500
Document = dict[str, Any]

# The lists of a document, and those that lie within one of their entities.
NESTED = {
    "services": ("routes", "plugins"),
    "routes": ("plugins",),
    "upstreams": ("targets",),
    "certificates": ("snis",),
    "consumers": (
        "keyauth_credentials",
        "basicauth_credentials",
        "hmacauth_credentials",
        "jwt_secrets",
        "oauth2_credentials",
        "acls",
        "plugins",
    ),
}


def document() -> Document:
    """The whole file."""
    return {
        "_format_version": "3.0",
        "services": [_service(number) for number in range(50)],
        "consumers": [_consumer(number) for number in range(40)],
        "upstreams": [_upstream(number) for number in range(20)],
        "certificates": [_certificate(number) for number in range(5)],
        "ca_certificates": [
            {"id": _uuid(9, number), "cert": make_certificate(f"ca{number}.test", ca=True)[0]}
            for number in range(3)
        ],
        "vaults": [
            {
                "name": "env",
                "prefix": f"env-{number}",
                "config": {"prefix": f"SECRET_{number}_"},
                "tags": ["v"],
            }
            for number in range(3)
        ],
        "key_sets": [{"name": f"set-{number}"} for number in range(3)],
        "keys": [_key(number) for number in range(4)],
        "plugins": [
            {"name": "correlation-id", "config": {"header_name": "X-Request", "generator": "uuid"}},
            {"name": "request-termination", "enabled": False, "config": {"status_code": 503}},
        ],
    }


def count(documented: Document) -> int:
    """How many entities a document holds."""
    total = 0
    for name, entities in documented.items():
        if isinstance(entities, list):
            for entity in entities:
                total += 1 + count({each: entity.get(each, []) for each in NESTED.get(name, ())})
    return total


def _uuid(kind: int, number: int) -> str:
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


def _service(number: int) -> Document:
    service: Document = {
        "name": f"service-{number}",
        "host": f"host-{number}.test",
        "path": f"/base/{number}",
        "port": 8000 + number,
        "protocol": "http",
        "tags": ["all", f"group-{number % 5}"],
        "routes": [_route(number, part) for part in range(2)],
    }
    if number % 2:
        limit = {"minute": 100 + number, "policy": "local"}
        service["plugins"] = [{"name": "rate-limiting", "config": limit, "tags": ["all"]}]
    return service


def _route(number: int, part: int) -> Document:
    route: Document = {
        "name": f"route-{number}-{part}",
        "paths": [f"/r/{number}/{part}", f"~/x{number}/(?<part>[a-z]+)$"],
        "hosts": [f"r{number}.test", "*.wild.test"],
        "methods": ["GET", "POST"],
        "protocols": ["http", "https"],
        "headers": {"x-version": [str(part)]},
        "strip_path": part == 0,
    }
    if part == 0 and number % 2:
        route["plugins"] = [{"name": "key-auth", "config": {"key_names": ["apikey", "x-key"]}}]
    return route


def _consumer(number: int) -> Document:
    consumer: Document = {
        "username": f"consumer-{number}",
        "custom_id": f"id-{number}",
        "tags": ["all"],
        "keyauth_credentials": [{"key": f"key-{number}", "tags": ["all"]}],
        "acls": [{"group": f"group-{number % 3}"}],
    }
    if number % 2 == 0:
        consumer["basicauth_credentials"] = [{"username": f"basic-{number}", "password": f"secret-{number}"}]
        consumer["jwt_secrets"] = [
            {"key": f"jwt-{number}", "secret": f"s-{number}", "algorithm": "HS256"},
        ]
    if number % 4 == 0:
        consumer["hmacauth_credentials"] = [{"username": f"hmac-{number}", "secret": f"h-{number}"}]
        consumer["oauth2_credentials"] = [
            {
                "name": f"app-{number}",
                "client_id": f"client-{number}",
                "client_secret": f"c-{number}",
                "redirect_uris": [f"https://app{number}.test/back"],
                "client_type": "confidential",
                "hash_secret": False,
            }
        ]
        limit = {"hour": 1000 + number, "policy": "local"}
        consumer["plugins"] = [{"name": "rate-limiting", "config": limit}]
    return consumer


def _upstream(number: int) -> Document:
    return {
        "name": f"upstream-{number}",
        "algorithm": "round-robin",
        "slots": 1000,
        "tags": ["all"],
        "healthchecks": {"active": {"http_path": f"/health/{number}", "healthy": {"interval": 0}}},
        "targets": [{"target": f"10.0.{number}.{part}:80", "weight": 50 + part} for part in range(3)],
    }


def _certificate(number: int) -> Document:
    certificate, key = make_certificate(f"c{number}.test")
    return {
        "id": _uuid(8, number),
        "cert": certificate.strip(),
        "key": key.strip(),
        "tags": ["all"],
        "snis": [{"name": f"c{number}.test"}, {"name": f"*.c{number}.test"}],
    }


def _key(number: int) -> Document:
    private = make_certificate(f"key{number}.test")[1]
    public = load_pem_private_key(private.encode(), None).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    key: Document = {
        "name": f"key-{number}",
        "kid": f"kid-{number}",
        "pem": {"private_key": private, "public_key": pem},
    }
    return {**key, "set": {"name": f"set-{number}"}} if number < 3 else key
