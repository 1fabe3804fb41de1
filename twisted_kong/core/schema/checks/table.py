"""The table of functions that definitions may name, by the name they are known by there."""

from __future__ import annotations

from twisted_kong.core.schema.checks import (
    dictionaries,
    hosts,
    jwks,
    limits,
    llm,
    lua,
    pairs,
    paths,
    pems,
    routes,
    texts,
    upstreams,
)
from twisted_kong.core.schema.validators import Functions

CORE_FUNCTIONS: Functions = {
    each.__name__: each
    for each in (
        texts.tag,
        texts.utf8_name,
        texts.header_name,
        texts.http_token,
        hosts.host,
        hosts.host_with_optional_port,
        hosts.host_pattern,
        hosts.sni,
        hosts.wildcard_host,
        hosts.ip,
        hosts.ip_or_cidr,
        hosts.validate_upstream_name,
        hosts.validate_target,
        hosts.normalise_target,
        paths.path,
        paths.router_path,
        paths.url,
        paths.split_url,
        paths.asterisk_or_regex,
        routes.warn_path_handling_v1,
        routes.validate_route_expression,
        routes.validate_route_or_expression,
        routes.validate_header_regexes,
        upstreams.algorithm_shorthand,
        upstreams.hash_on_shorthand,
        pems.certificate,
        pems.private_key,
        pems.public_key_loads,
        pems.pem_keys,
        pems.cert_matches_key,
        pems.alt_cert_matches_key,
        pems.alt_cert_other_key_type,
        pems.check_ca_cert,
        pems.sha256_hex_of_cert_der,
        jwks.check_key_material,
        dictionaries.shm_exists,
        dictionaries.shm_memory_dictionary,
        limits.limits_order,
        llm.no_stats_for_anthropic_completions,
        lua.safe_lua_expression,
        pairs.header_pair_name,
        pairs.header_pair_both,
        pairs.key_value_template,
    )
}
