"""Whether a node can run with a configuration, as far as that shows without starting one.

What only the start can tell is left to it: addresses in use, files that cannot be opened, the database.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted_kong.core.conf.availability import unavailable
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.exposure import exposures
from twisted_kong.core.conf.problems import ConfError, Problem
from twisted_kong.node.conf_files import file_problems
from twisted_kong.service.build import loaded_plugins
from twisted_kong.service.logs import proxy_log_format


def usability_problems(conf: Conf) -> tuple[Problem, ...]:
    """Everything in a configuration that a start would be refused for, in the words of the refusal.

    The plugins are imported for it.
    """
    return (
        *unavailable(conf),
        *exposures(conf),
        *file_problems(conf),
        *_refusals(loaded_plugins, conf),
        *_refusals(proxy_log_format, conf),
    )


def require_usable(conf: Conf) -> None:
    """Raise :class:`ConfError` unless a node can run with ``conf``."""
    problems = usability_problems(conf)
    if problems:
        raise ConfError(problems)


def _refusals(check: Callable[[Conf], object], conf: Conf) -> tuple[Problem, ...]:
    try:
        check(conf)
    except ConfError as error:
        return error.problems
    return ()
