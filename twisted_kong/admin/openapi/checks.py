"""What the named functions and patterns of the schemas demand, as JSON Schema and in words.

A pattern given here never refuses what the function takes: clients check with it before they send.  What a
pattern cannot say is said in words only.  Patterns are in the dialect of ECMA 262, as JSON Schema wants.
"""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.validators import Definition

Json = dict[str, Any]

_PEM: Json = {"contentMediaType": "application/x-pem-file"}

SHAPES: dict[str, Json] = {
    "tag": {"pattern": r"^[^,/\u0000-\u001f\u007f]+$"},
    "utf8_name": {"pattern": r"^[^\u0000-,/:-@\[-\^`{-}\u007f]*$"},
    "header_name": {"pattern": r"^[A-Za-z0-9_-]+$"},
    "path": {"pattern": r"^/[A-Za-z0-9.\-_~/%:@!$&'()*+,;=]*$"},
    "url": {"pattern": r"^[A-Za-z0-9][A-Za-z0-9+.-]*://"},
    "certificate": _PEM,
    "private_key": _PEM,
}

WORDS: dict[str, str] = {
    "tag": "Printable, without comma and slash.",
    "utf8_name": "Letters, digits, `.`, `-`, `_`, `~` and everything beyond ASCII.",
    "header_name": "A header name: letters, digits, `-` and `_`.",
    "http_token": "A token of RFC 9110.",
    "host": "A host name or an IP address, without a port.",
    "host_with_optional_port": "A host name or an IP address; a port may follow.",
    "host_pattern": "A host name with at most one `*` as its first or last label; a port may follow.",
    "sni": "A host name: no address, no port.",
    "wildcard_host": "A host name with at most one `*`, first or last: no address, no port.",
    "ip": "An IPv4 or IPv6 address.",
    "ip_or_cidr": "An IPv4 or IPv6 address, or a network such as `10.0.0.0/8`.",
    "validate_upstream_name": "A host name: no address, no port.",
    "validate_target": "A host name or an IP address; a port may follow, 8000 unless given.",
    "path": "A path: begins with `/`, characters of RFC 3986 only, percent-encoding must be complete.",
    "router_path": "A normalised prefix that begins with `/`, or `~` and a regular expression.",
    "url": "An absolute URL with scheme and host.",
    "certificate": "An X.509 certificate in PEM form.",
    "private_key": "A private key in PEM form.",
    "asterisk_or_regex": "`*`, or a regular expression.",
    "lua_chunk_parses": "Lua source.",
    "safe_lua_expression": "A Lua chunk.",
    "key_value_template": "`name:value`.",
    "header_pair_name": "What stands before the colon must be a header name.",
    "header_pair_both": "`old:new`, both header names.",
    "redirect_uri": "An absolute URL without a fragment.",
}

EXAMPLES: dict[str, Any] = {
    "host": "orders.example.com",
    "host_with_optional_port": "orders.example.com:8080",
    "host_pattern": "*.example.com",
    "sni": "www.example.com",
    "wildcard_host": "*.example.com",
    "ip": "192.0.2.10",
    "ip_or_cidr": "192.0.2.0/24",
    "validate_upstream_name": "orders.internal",
    "validate_target": "192.0.2.10:8080",
    "path": "/api",
    "router_path": "/orders",
    "url": "https://orders.example.com/api",
    "split_url": "https://orders.example.com/api",
    "utf8_name": "orders",
    "tag": "team-a",
    "header_name": "X-Tenant",
    "http_token": "session",
    "redirect_uri": "https://app.example.com/callback",
}


def check_shape(definition: Definition) -> Json:
    """What the check function and the patterns of a text demand."""
    shape = dict(SHAPES.get(function_of(definition), {}))
    rules = [*_patterns(definition)]
    if "starts_with" in definition and "pattern" not in shape:
        rules.append({"pattern": "^" + definition["starts_with"]})
    if len(rules) == 1 and not shape.keys() & rules[0].keys():
        return shape | rules[0]
    return {**shape, "allOf": rules} if rules else shape


def function_of(definition: Definition) -> str:
    """The name of a field's check function, empty if it has none."""
    name: str = definition.get("check", {}).get("fn", "")
    return name


def _patterns(definition: Definition) -> list[Json]:
    rules: list[Json] = []
    if "regex" in definition and _is_portable(definition["regex"]):
        rules.append({"pattern": _portable(definition["regex"])})
    if "not_regex" in definition and _is_portable(definition["not_regex"]):
        rules.append({"not": {"pattern": _portable(definition["not_regex"])}})
    for rule in definition.get("match_all", ()):
        rules.append({"pattern": _portable(rule["regex"])})
    unwanted = [rule["regex"] for rule in definition.get("match_none", ()) if _is_portable(rule["regex"])]
    rules.extend({"not": {"pattern": _portable(regex)}} for regex in unwanted)
    wanted = definition.get("match_any", {}).get("regexes", ())
    if wanted and all(map(_is_portable, wanted)):
        rules.append({"anyOf": [{"pattern": _portable(regex)} for regex in wanted]})
    return rules


def _is_portable(regex: str) -> bool:
    """Whether an expression means the same in ECMA 262: inline flags and the like do not."""
    return "(?" not in regex


def _portable(regex: str) -> str:
    """An expression without the escapes that ECMA 262 refuses in Unicode mode."""
    return regex.replace("\\`", "`").replace("\\z", "$")
