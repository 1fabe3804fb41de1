"""The configuration of a whole gateway as one document: Kong's declarative format and decK's.

Documents are read (``reading``), taken apart into records of single entities (``flattening``), given their
ids (``identities``) and judged (``problems``); entities are written as documents (``kong_format``,
``deck_format``); what a document would change is told (``differences``).

All of it is pure, and whatever loops over many entities is a generator that yields between them, so that
whoever drives it can give others a turn.
"""
