"""Finds the plugins that ``plugins`` in kong.conf names, checks them, and makes their handlers.

A plugin is a package with ``schema.py`` (``SCHEMA``, perhaps ``FUNCTIONS``), ``handler.py`` (a class
``Handler``) and perhaps ``daos.py`` (``DAOS``, perhaps ``FUNCTIONS``).
A bundled one may have no handler yet: it can be configured, and lets no request pass.
The bundled ones are the sub-packages of ``twisted_kong.plugins``, ``key_auth`` for ``key-auth``; third-party
ones are found by entry points of the group ``twisted_kong.plugins``, whose name is the plugin's and whose
value is the package.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

from twisted_kong.core.schema.plugins import PluginDefinition
from twisted_kong.pdk.chains import PHASES
from twisted_kong.pdk.unavailable import Unavailable

GROUP = "twisted_kong.plugins"
_BUNDLED = "twisted_kong.plugins"
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_METHODS = (*PHASES, "init_worker", "configure")
_SHORTFALL = "shortfall"


class PluginError(Exception):
    """A plugin that is named in ``plugins`` cannot be used; the text names it and says why."""


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin ready for use."""

    name: str
    handler: Any
    definition: PluginDefinition
    package: str

    @property
    def runs(self) -> bool:
        """Whether it does its work, other than being known."""
        return not isinstance(self.handler, Unavailable)

    def shortfall(self, config: Mapping[str, Any]) -> str | None:
        """What of a configuration the plugin cannot keep, None if nothing.

        Beyond Kong: a handler that may fall short has a method of this name.  Its text goes on after the
        plugin's name; whoever writes such a configuration is warned in these words, and the log has them.
        """
        tell = getattr(self.handler, _SHORTFALL, None)
        text: str | None = None if tell is None else tell(config)
        return text


@dataclass(frozen=True, slots=True)
class LoadedPlugins:
    """All plugins of a node, by name."""

    plugins: tuple[LoadedPlugin, ...]

    @property
    def definitions(self) -> list[PluginDefinition]:
        """What the schemas are built from."""
        return [plugin.definition for plugin in self.plugins]

    @property
    def handlers(self) -> dict[str, Any]:
        """The handlers by name."""
        return {plugin.name: plugin.handler for plugin in self.plugins}

    @property
    def priorities(self) -> dict[str, int]:
        """``PRIORITY`` by name, as the plan wants it."""
        return {plugin.name: plugin.handler.PRIORITY for plugin in self.plugins}

    @property
    def names(self) -> list[str]:
        """The names, sorted."""
        return sorted(plugin.name for plugin in self.plugins)


def bundled_names() -> list[str]:
    """The names of the plugins that come with the gateway."""
    package = import_module(_BUNDLED)
    return sorted(
        module.name.replace("_", "-") for module in pkgutil.iter_modules(package.__path__) if module.ispkg
    )


def installed_plugins() -> Iterable[EntryPoint]:
    """The entry points of third-party plugins."""
    return entry_points(group=GROUP)


def load_plugins(
    setting: str | Iterable[str] = "bundled",
    *,
    installed: Callable[[], Iterable[EntryPoint]] = installed_plugins,
) -> LoadedPlugins:
    """Load what ``plugins`` names: ``bundled``, ``off``, names, in any mixture.

    :raises PluginError: one of them is not there or not right.
    """
    names = [name.strip() for name in (setting.split(",") if isinstance(setting, str) else setting)]
    if "off" in names:
        return LoadedPlugins(())
    bundled = dict.fromkeys(bundled_names())
    wanted: dict[str, None] = {}
    for name in names:
        if name == "bundled":
            wanted.update(bundled)
        elif name:
            wanted[name] = None
    found = {point.name: point for point in installed()} if wanted.keys() - bundled else {}
    return LoadedPlugins(tuple(_load(name, name in bundled, found) for name in wanted))


def _load(name: str, bundled: bool, found: dict[str, EntryPoint]) -> LoadedPlugin:
    if bundled:
        package = f"{_BUNDLED}.{name.replace('-', '_')}"
    elif name in found:
        package = found[name].value.partition(":")[0].strip()
    else:
        raise PluginError(
            f"plugin '{name}' is enabled but not installed: it is not bundled and no package "
            f"has an entry point of this name in the group {GROUP}"
        )
    module = _module(name, package, "handler", optional=bundled)
    handler = _stand_in(name, package) if module is None else _handler(name, package, module)
    return LoadedPlugin(name, handler, _definition(name, package, handler), package)


def _handler(name: str, package: str, module: ModuleType) -> Any:
    handler_class = getattr(module, "Handler", None)
    if not isinstance(handler_class, type):
        raise PluginError(f"plugin '{name}': {package}.handler has no class Handler")
    check_handler(name, handler_class)
    try:
        return handler_class()
    except Exception as error:
        raise PluginError(f"plugin '{name}': its Handler cannot be made: {error}") from error


def _stand_in(name: str, package: str) -> Unavailable:
    schema = _schema(name, package)
    return Unavailable(name, schema["priority"], schema["version"])


def _module(name: str, package: str, part: str, optional: bool = False) -> ModuleType | None:
    full = f"{package}.{part}"
    try:
        return import_module(full)
    except ModuleNotFoundError as error:
        if optional and error.name == full:
            return None
        raise PluginError(f"plugin '{name}': cannot import {full}: {error}") from error
    except Exception as error:
        raise PluginError(f"plugin '{name}': cannot import {full}: {error!r}") from error


def check_handler(name: str, handler: type) -> None:
    """The rules that Kong has for handlers; PluginError for one that breaks them."""
    priority = getattr(handler, "PRIORITY", None)
    if not isinstance(priority, int) or isinstance(priority, bool):
        raise PluginError(f"plugin '{name}': PRIORITY must be an integer, not {priority!r}")
    version = getattr(handler, "VERSION", None)
    if not isinstance(version, str) or _VERSION.fullmatch(version) is None:
        raise PluginError(f"plugin '{name}': VERSION must be like 'x.y.z', not {version!r}")
    for method in (*_METHODS, _SHORTFALL):
        if hasattr(handler, method) and not callable(getattr(handler, method)):
            raise PluginError(f"plugin '{name}': {method} must be a method")
    if hasattr(handler, "response") and (
        hasattr(handler, "header_filter") or hasattr(handler, "body_filter")
    ):
        raise PluginError(
            f"plugin '{name}': response cannot be used together with header_filter or body_filter, "
            "because the one wants the whole answer and the others its pieces"
        )


def _schema(name: str, package: str) -> dict[str, Any]:
    schema = getattr(_module(name, package, "schema"), "SCHEMA", None)
    if not isinstance(schema, dict):
        raise PluginError(f"plugin '{name}': {package}.schema has no SCHEMA")
    if schema.get("name", name) != name:
        raise PluginError(f"plugin '{name}': its schema is named {schema['name']!r}")
    return schema


def _definition(name: str, package: str, handler: Any) -> PluginDefinition:
    schema = {
        **_schema(name, package),
        "name": name,
        "priority": handler.PRIORITY,
        "version": handler.VERSION,
        "phases": [method for method in _METHODS if hasattr(handler, method)],
    }
    module, daos = _module(name, package, "schema"), _module(name, package, "daos", optional=True)
    functions = {**getattr(module, "FUNCTIONS", {}), **getattr(daos, "FUNCTIONS", {})}
    try:
        return PluginDefinition.from_schema(schema, tuple(getattr(daos, "DAOS", ())), functions)
    except Exception as error:
        raise PluginError(f"plugin '{name}': its schema is not right: {error!r}") from error
