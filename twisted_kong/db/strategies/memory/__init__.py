"""The strategy that keeps everything in this process: for tests, and for a node without a database."""

from twisted_kong.db.strategies.memory.data import MemoryData, MemoryTable
from twisted_kong.db.strategies.memory.store import MemoryStrategy

__all__ = ["MemoryData", "MemoryStrategy", "MemoryTable"]
