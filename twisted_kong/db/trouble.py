"""Tells the log of an error that lasts: when it begins, when it changes and when it is over, not each time.

A database that is away for an hour is tried thousands of times; one line says all there is to say.
"""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_kong.core.errors import DatabaseUnavailable


class Trouble:
    """What may go wrong with one activity that is repeated until it succeeds."""

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._told: tuple[object, str] | None = None

    def met(self, failure: Failure, what: str, /, **values: Any) -> None:
        """It has failed; said if that is news, with a traceback unless the reason lies outside of us.

        :param what: a format of the log, for ``values``.
        """
        error = (type(failure.value), failure.getErrorMessage())
        if error == self._told:
            return
        self._told = error
        if isinstance(failure.value, DatabaseUnavailable):
            self._log.error(f"{what}: {{error}}", error=error[1], **values)
        else:
            self._log.failure(what, failure=failure, **values)

    def over(self, what: str, /, **values: Any) -> None:
        """It has succeeded; said if it had failed before."""
        if self._told is not None:
            self._told = None
            self._log.info(what, **values)
