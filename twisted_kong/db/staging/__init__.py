"""Writes that are tried out on a store without being made, and may then be made all at once."""

from twisted_kong.db.staging.joint import JointWrites, Made
from twisted_kong.db.staging.stage import stage, unwritten
from twisted_kong.db.staging.store import StagedStrategy

__all__ = ["JointWrites", "Made", "StagedStrategy", "stage", "unwritten"]
