"""Registers ``twistd kong``; imports nothing of ours, so that a fault there harms no other twistd command."""

from twisted.application.service import ServiceMaker

# Never rename: a stale dropin.cache would make ``twistd kong`` an unknown command.
kong = ServiceMaker(
    "twisted_kong",
    "twisted_kong.tap",
    "An API gateway node compatible with Kong Gateway.",
    "kong",
)
