"""Whose fault it is when something in the ledger does not hold.

Each message is one English sentence that says what is wrong and where. Primitives raise; only `ledger.check`
turns a failure into a step of a report.
"""


class LedgerError(Exception):
    """Base of every error that this library raises on purpose."""


class Malformed(LedgerError):
    """The bytes are not what their format says: whoever made them is at fault, and no key can help."""


class Unverified(LedgerError):
    """The bytes are well formed, but a signature, hash or proof over them does not hold."""


class Unsupported(Unverified):
    """Nothing speaks against the bytes, but this installation lacks what it takes to check them."""


class Conflict(LedgerError):
    """Something else is already there: a different object, a newer head, a file that changed meanwhile."""


class StorageFailed(LedgerError):
    """A store lost, refused or corrupted what it should keep: the operator has to act."""


class WrongIndex(StorageFailed):
    """The published index is not what its log's entries lead to: no waiting mends that."""


class Unavailable(LedgerError):
    """Nothing is wrong with what was asked, but it cannot be done just now: ask again, with the same bytes."""
