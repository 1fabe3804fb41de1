"""The table of properties, compared with the recorded facts about Kong 3.9.1 and Cassandra's of 3.3."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scripts.configuration_files import DEFAULT_FILE, REFERENCE_PAGE, default_file, reference_page
from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.core.conf.problems import Problem
from twisted_kong.core.conf.properties import GROUPS, PROPERTIES, is_dynamic
from twisted_kong.core.conf.property import Kind, Source, Status
from twisted_kong.core.conf.text import parse_text
from twisted_kong.core.conf.values import parse_value

_FACTS = json.loads((Path(__file__).parent / "data" / "kong_conf.json").read_text())
REFERENCE: dict[str, dict[str, Any]] = {**_FACTS["properties"], **_FACTS["cassandra_3_3"]}

# Where we differ from Kong on purpose, and why.
OTHER_DEFAULTS = {
    "database": "a newcomer needs no server",
    "anonymous_reports": "a compatible node must not report to the vendor",
    "nginx_worker_processes": "one process until there are several",
    "nginx_main_worker_processes": "one process until there are several",
}
OTHER_TYPES = {
    "nginx_main_daemon": Kind.NGX_BOOLEAN,
    "nginx_proxy_real_ip_recursive": Kind.NGX_BOOLEAN,
    "nginx_http_keepalive_requests": Kind.INTEGER,
}
MORE_SENSITIVE = {"request_debug_token", "cassandra_password"}


@pytest.mark.parametrize("name", REFERENCE)
def test_property_is_as_in_the_reference(name: str) -> None:
    """Every property of Kong is known with its default, type, allowed values and sensitivity."""
    known, fact = PROPERTIES[name], REFERENCE[name]
    if name not in OTHER_DEFAULTS:
        assert known.default == fact["default"]
    if name in OTHER_TYPES:
        assert known.kind is OTHER_TYPES[name]
    else:
        assert known.kind.kong_type == fact["type"]
    assert known.sensitive == (fact.get("sensitive", False) or name in MORE_SENSITIVE)
    assert known.environment_name == fact["env"]
    if fact["type"] == "enum":
        assert set(known.allowed) - {"sqlite"} == set(fact["allowed"])


@pytest.mark.parametrize("name", [name for name, fact in REFERENCE.items() if "alias_of" in fact])
def test_alias_leads_where_the_reference_says(name: str) -> None:
    """An alias sets what it sets in Kong; those of worker_processes end at our own name for it."""
    wanted = REFERENCE[name]["alias_of"]
    assert PROPERTIES[name].alias_of in (wanted, PROPERTIES[wanted].alias_of)


def test_properties_beyond_the_reference_are_marked() -> None:
    """What Kong does not know is either ours or an nginx directive that we give a meaning."""
    beyond = {name for name in PROPERTIES if name not in REFERENCE}
    assert beyond == {p.name for p in PROPERTIES.values() if p.source in (Source.OURS, Source.NGINX)}


def test_no_property_is_listed_twice() -> None:
    """A name stands in one group only."""
    assert len(PROPERTIES) == sum(len(group.properties) for group in GROUPS)


@pytest.mark.parametrize(
    "known", [p for p in PROPERTIES.values() if p.default is not None], ids=lambda p: p.name
)
def test_default_is_a_valid_value(known: Any) -> None:
    """Each default text can be read by the property's own rules."""
    parse_value(known, known.default)


def test_every_property_says_what_it_is_for() -> None:
    """A property that does something is explained, one that is ignored gives the reason."""
    for known in PROPERTIES.values():
        assert known.about or known.status is Status.IGNORED, known.name
        assert bool(known.because) == (known.status is Status.IGNORED), known.name


def test_alias_has_the_default_of_its_target() -> None:
    """The default does not depend on which of two names a reader looks up."""
    for known in PROPERTIES.values():
        if known.alias_of and known.default is not None:
            assert PROPERTIES[known.alias_of].default == known.default


def test_aliases_are_one_step() -> None:
    """The target of an alias is no alias itself."""
    for known in PROPERTIES.values():
        if known.alias_of:
            assert PROPERTIES[known.alias_of].alias_of is None


def test_dynamic_names() -> None:
    """Injected directives, vault and plugin-server settings are accepted, everything else is unknown."""
    assert is_dynamic("nginx_http_lua_shared_dict")
    assert is_dynamic("vault_env_prefix")
    assert is_dynamic("pluginserver_go_socket")
    assert not is_dynamic("nginx_http_")
    assert not is_dynamic("nginx_main_daemon")
    assert not is_dynamic("databse")


def test_committed_files_are_as_written() -> None:
    """kong.conf.default and the reference page are what scripts/configuration_files.py writes."""
    assert DEFAULT_FILE.read_text() == default_file()
    assert REFERENCE_PAGE.read_text() == reference_page()


def test_default_file_sets_nothing() -> None:
    """As it stands, every line is a comment: copying it changes nothing."""
    problems: list[Problem] = []
    assert list(parse_text(DEFAULT_FILE.read_text(), "kong.conf.default", problems)) == []
    assert problems == []


def test_default_file_shows_every_honoured_property_once_with_its_default() -> None:
    """Taking the # away gives a file that comes to the defaults, without a warning."""
    text = re.sub(r"^#(?=[a-z_]+ =)", "", DEFAULT_FILE.read_text(), flags=re.MULTILINE)
    names = re.findall(r"^([a-z_]+) =", text, flags=re.MULTILINE)
    honoured = [p.name for p in PROPERTIES.values() if p.status is Status.HONOURED and p.alias_of is None]
    assert sorted(names) == sorted(honoured)
    shown = load_conf(Sources(text))
    assert shown.warnings == ()
    for name in names:
        assert getattr(shown.conf, name) == getattr(load_conf(Sources()).conf, name)
        assert shown.conf.settings[name].text == PROPERTIES[name].default
