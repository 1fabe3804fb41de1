"""From the text of a file, the environment and the command line to a :class:`Conf`.

Precedence, lowest first: built-in default, file, environment, command line; an empty value counts as not
given. A property that is not set takes the value of an alias that is. All faults are collected, so that
``kong check`` can show them at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from twisted_kong.core.conf.checks import cross_check
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.lists import split_array
from twisted_kong.core.conf.masking import Setting, hide_secrets
from twisted_kong.core.conf.names import unknown_in_environment, unknown_in_file
from twisted_kong.core.conf.notices import notices
from twisted_kong.core.conf.paths import PrefixPaths
from twisted_kong.core.conf.problems import ConfError, Origin, Problem
from twisted_kong.core.conf.properties import PROPERTIES, is_dynamic
from twisted_kong.core.conf.property import ARRAY_KINDS, Kind, Property, Status
from twisted_kong.core.conf.suites import TlsSettings, tls_settings
from twisted_kong.core.conf.text import Line, parse_text
from twisted_kong.core.conf.values import LogTarget, parse_value, unset_value
from twisted_kong.core.vaults import UnresolvedReference, Vaults, is_reference

_ENVIRONMENT_PREFIX = "KONG_"


@dataclass(frozen=True, slots=True)
class Sources:
    """What a configuration is made of.

    ``file_name`` is only for messages. ``environment`` is where ``KONG_*`` is read from unless
    ``settings_from_environment`` is off, and where vault references are looked up in any case.
    ``options`` are settings of the command line. ``origins`` tells where settings of the text were
    before they came into it. ``directory`` is absolute: a relative ``prefix`` is
    below it. ``default_prefix`` stands in for the built-in one.
    """

    text: str = ""
    file_name: str = "kong.conf"
    environment: Mapping[str, str] = field(default_factory=dict)
    settings_from_environment: bool = True
    options: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)
    directory: str = "/"
    default_prefix: str | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that can be used, and what its author should know about it."""

    conf: Conf
    warnings: tuple[Problem, ...]


def load_conf(sources: Sources) -> Loaded:
    """The configuration that the sources come to; raises :class:`ConfError` with everything that is wrong."""
    problems: list[Problem] = []
    warnings: list[Problem] = []
    given = _given(sources, problems, warnings)
    settings = _complete(given, sources)
    dynamic = {name: setting for name, setting in given.items() if name not in PROPERTIES}
    values = _values(settings, dynamic, sources.environment, problems)
    if not problems:
        cross_check(values, settings, problems)
    tls = _tls(values, settings, problems)
    if problems or tls is None:
        raise ConfError(problems)
    warnings += notices(given, values)
    conf = Conf(
        **_placed(values, sources),
        tls=tls,
        settings=MappingProxyType(settings),
        dynamic=MappingProxyType(dynamic),
    )
    return Loaded(conf, tuple(warnings))


def _given(sources: Sources, problems: list[Problem], warnings: list[Problem]) -> dict[str, Setting]:
    """What was set at all, under the names that were used."""
    lines = list(parse_text(sources.text, sources.file_name, problems))
    warnings += unknown_in_file(lines)
    warnings += _repeated(lines)
    given = {
        line.name: Setting(line.value, sources.origins.get(line.name, line.origin))
        for line in lines
        if _is_accepted(line.name)
    }
    if sources.settings_from_environment:
        warnings += unknown_in_environment(sources.environment)
        for variable, value in sources.environment.items():
            name = variable.removeprefix(_ENVIRONMENT_PREFIX).lower()
            if variable.startswith(_ENVIRONMENT_PREFIX) and value.strip() and _is_accepted(name):
                given[name] = Setting(value.strip(), Origin(variable))
    for name, value in sources.options.items():
        if not _is_accepted(name):
            problems.append(Problem(f"there is no property '{name}'", Origin(f"--set {name}")))
        elif value.strip():
            given[name] = Setting(value.strip(), Origin("--prefix" if name == "prefix" else f"--set {name}"))
    return given


def _is_accepted(name: str) -> bool:
    return name in PROPERTIES or is_dynamic(name)


def _repeated(lines: list[Line]) -> Iterator[Problem]:
    seen: dict[str, Line] = {}
    for line in lines:
        if line.name in seen:
            text = f"{line.name} is set a second time; line {seen[line.name].origin.line} does not count"
            yield Problem(text, line.origin)
        seen[line.name] = line


def _complete(given: Mapping[str, Setting], sources: Sources) -> dict[str, Setting]:
    """A setting for every property: given, else given through an alias, else the default."""
    through: dict[str, Setting] = {}
    for name, setting in given.items():
        known = PROPERTIES.get(name)
        if known is not None and known.alias_of is not None:
            through.setdefault(known.alias_of, setting)
    settings = {}
    for name, known in PROPERTIES.items():
        settings[name] = given.get(name, through.get(name, Setting(known.default)))
    if sources.default_prefix is not None and settings["prefix"].is_default:
        settings["prefix"] = Setting(sources.default_prefix)
    for name, known in PROPERTIES.items():
        if known.alias_of is not None:
            settings[name] = settings[known.alias_of]
    return settings


def _values(
    settings: Mapping[str, Setting],
    dynamic: Mapping[str, Setting],
    environment: Mapping[str, str],
    problems: list[Problem],
) -> dict[str, Any]:
    """The typed value of every property that is not an alias; faults are added to ``problems``."""
    vaults = Vaults(environment, dynamic.get("vault_env_prefix", Setting(None)).text or "")
    values: dict[str, Any] = {}
    for name, known in PROPERTIES.items():
        setting = settings[name]
        if known.alias_of is not None:
            continue
        values[name] = unset_value(known)
        if setting.text is None:
            continue
        secrets: list[str] = []
        try:
            text = _resolved(known, setting.text, vaults, secrets)
            values[name] = parse_value(known, text)
        except ValueError as why:
            problems.append(Problem(hide_secrets(str(why), secrets), setting.origin))
    return values


def _resolved(known: Property, text: str, vaults: Vaults, secrets: list[str]) -> str:
    """The text with its references resolved; what they stood for is added to ``secrets``."""

    def one(entry: str) -> str:
        if not is_reference(entry):
            if known.sensitive:
                secrets.append(entry)
            return entry
        try:
            value = vaults.resolve(entry)
        except UnresolvedReference as why:
            text = f"failed to dereference '{entry}': {why} for config option '{known.name}'"
            raise UnresolvedReference(text) from None
        secrets.append(value)
        return value

    if known.kind in ARRAY_KINDS:
        return ",".join(one(entry) for entry in split_array(text))
    return one(text)


def _tls(
    values: Mapping[str, Any], settings: Mapping[str, Setting], problems: list[Problem]
) -> TlsSettings | None:
    try:
        return tls_settings(
            values["ssl_cipher_suite"],
            values["ssl_protocols"],
            values["ssl_ciphers"],
            values["ssl_dhparam"],
            bool(values["ssl_prefer_server_ciphers"]),
        )
    except ValueError as why:
        problems.append(Problem(str(why), settings["ssl_cipher_suite"].origin))
        return None


def _placed(values: Mapping[str, Any], sources: Sources) -> dict[str, Any]:
    """The values that become attributes, with every path below the prefix made absolute."""
    prefix = values["prefix"]
    if not prefix.startswith("/"):
        prefix = f"{sources.directory.rstrip('/')}/{prefix}"
    paths = PrefixPaths(prefix.rstrip("/") or "/")
    placed: dict[str, Any] = {}
    for name, value in values.items():
        if PROPERTIES[name].status is Status.IGNORED:
            continue
        if PROPERTIES[name].kind is Kind.LOG and value is not None:
            value = LogTarget(paths.below(value.path), value.format)
        placed[name] = value
    placed["prefix"] = paths.prefix
    placed["sqlite_path"] = paths.below(values["sqlite_path"])
    snapshot = values["config_cache_path"]
    placed["config_cache_path"] = snapshot if snapshot == "off" else paths.below(snapshot)
    return placed
