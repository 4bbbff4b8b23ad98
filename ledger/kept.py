"""Published checkpoints, each kept for ever under its size.

    checkpoint                  the newest note (C2SP tlog-tiles), replaced at each publication
    checkpoints/<size>          the note as published, cosignatures included
    checkpoints/<size>.cose     tag-18 COSE_Sign1 over the root, payload nil (detached), unprotected {}  RFC 9942
    checkpoints/<size>.links    datawharf/checkpoint-links/v1 LF ordinal LF previous size LF jump size LF

The links make a list that only grows (Myers' skew-binary jump pointers): from the newest checkpoint the first one
that covers an entry is found in about 2 log2(n) small reads, without listing anything and without an index to
rewrite. The first checkpoint links to itself.
"""

from dataclasses import dataclass

from ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from ledger.cose import Sign1, format_sign1, parse_sign1
from ledger.encoding import parse_decimal
from ledger.errors import Conflict, StorageFailed
from ledger.note import Verifier, parse_note
from ledger.records import format_record, parse_record
from ledger.signer import SignedHead
from ledger.storage import ObjectReader, ObjectStore

NEWEST = "checkpoint"
KEPT = "checkpoints/"

_LINKS = "datawharf/checkpoint-links/v1"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint and the signed note that it was read from."""

    checkpoint: Checkpoint
    note: bytes

    @property
    def size(self) -> int:
        """Number of entries it covers."""
        return self.checkpoint.size

    @property
    def root(self) -> bytes:
        """RFC 6962 root of those entries, 32 bytes."""
        return self.checkpoint.root


@dataclass(frozen=True, slots=True)
class Published(SignedCheckpoint):
    """A published checkpoint: its note, and the COSE signature over the same root (protected header, 64 bytes)."""

    cose_protected: bytes
    cose_signature: bytes


@dataclass(frozen=True, slots=True)
class _Links:
    ordinal: int
    previous: int
    jump: int


class KeptCheckpoints:
    """The published checkpoints of the log `origin`, to read.

    With `verifiers`, the log's keys, each note read must be signed by one of them; without any the store is trusted.
    """

    def __init__(self, origin: str, objects: ObjectReader, *verifiers: Verifier) -> None:
        self._origin = origin
        self._objects = objects
        self._verifiers = verifiers
        self._links: dict[int, _Links] = {}

    def newest(self) -> Published | None:
        """The checkpoint that is published now, or None before the first."""
        note = self._objects.read(NEWEST)
        return None if note is None else self.at(self._open(note).size)

    def at(self, size: int) -> Published:
        """The kept checkpoint of exactly `size` entries; StorageFailed if there is none."""
        note = self._read(f"{KEPT}{size}")
        checkpoint = self._open(note)
        if checkpoint.size != size:
            raise StorageFailed(f"The kept checkpoint {KEPT}{size} is one of {checkpoint.size} entries.")
        signed = parse_sign1(self._read(f"{KEPT}{size}.cose"), f"root signature of {size} entries")
        return Published(checkpoint, note, signed.protected, signed.signature)

    def first_covering(self, index: int, newest: Published | None) -> Published:
        """The first published checkpoint that covers entry `index`; `Conflict` if none does yet."""
        if newest is None or newest.size <= index:
            covered = 0 if newest is None else newest.size
            raise Conflict(
                f"Entry {index} is not published yet; the newest checkpoint covers {covered} entries."
            )
        size, links = newest.size, self._read_links(newest.size)
        while links.ordinal:
            if links.jump > index:
                size = links.jump
            elif links.previous > index:
                size = links.previous
            else:
                break
            links = self._read_links(size)
        return newest if size == newest.size else self.at(size)

    def previous(self, size: int) -> int | None:
        """The size that was published before `size`; None if that was the first. StorageFailed without links."""
        links = self._read_links(size)
        return links.previous if links.ordinal else None

    def _read_links(self, size: int) -> _Links:
        found = self._links.get(size)
        if found is None:
            fields = parse_record(self._read(f"{KEPT}{size}.links"), _LINKS, 3)
            found = _Links(*(parse_decimal(field, f"link of checkpoint {size}") for field in fields))
            # Whoever follows links that lead back comes to an end, whatever the store holds.
            if found != _Links(0, size, size) and not (found.ordinal and found.jump <= found.previous < size):
                raise StorageFailed(f"The links of the checkpoint {size} do not lead back.")
            if len(self._links) >= 4096:
                self._links.clear()
            self._links[size] = found
        return found

    def _open(self, note: bytes) -> Checkpoint:
        if self._verifiers:
            return open_checkpoint(note, *self._verifiers)
        checkpoint = parse_checkpoint(parse_note(note).text)
        if checkpoint.origin != self._origin:
            raise StorageFailed(
                f"The store holds a checkpoint of {checkpoint.origin}, not of {self._origin}."
            )
        return checkpoint

    def _read(self, path: str) -> bytes:
        data = self._objects.read(path)
        if data is None:
            raise StorageFailed(f"The ledger's file {path} is missing.")
        return data


class CheckpointPublisher(KeptCheckpoints):
    """The same, to add to: the one writer's side."""

    def __init__(self, origin: str, objects: ObjectStore, *verifiers: Verifier) -> None:
        super().__init__(origin, objects, *verifiers)
        self._store = objects

    def kept_note(self, checkpoint: Checkpoint) -> bytes | None:
        """The note of a publication that began: its cosignatures are settled. None where it did not begin."""
        note = self._store.read(f"{KEPT}{checkpoint.size}")
        if note is not None and self._open(note) != checkpoint:
            raise StorageFailed(
                f"The kept checkpoint {KEPT}{checkpoint.size} is another one than the signer signed."
            )
        return note

    def publish(self, signed: SignedHead, note: bytes) -> Published:
        """Keep a signed head as `note`, which has its cosignatures, and make it the newest.

        Repeating an unfinished call completes it. `Conflict` if another writer has published a later one.
        """
        checkpoint = signed.checkpoint
        current = self._store.read(NEWEST)
        if current is not None and self._open(current).size > checkpoint.size:
            raise Conflict(
                f"A later checkpoint of {self._origin} than that of {checkpoint.size} entries is published."
            )
        if current != note:
            name = f"{KEPT}{checkpoint.size}"
            # A crash here leaves a kept checkpoint that is not the newest yet; publishing it again gives the
            # same bytes, and nothing else is published before it.
            self._store.create(
                {
                    name: note,
                    f"{name}.cose": format_sign1(
                        Sign1(signed.cose_protected, {}, None, signed.cose_signature)
                    ),
                    f"{name}.links": self._store.read(f"{name}.links")
                    or _format_links(self._next_links(checkpoint.size, current)),
                }
            )
            self._make_newest(current, note)
        return Published(checkpoint, note, signed.cose_protected, signed.cose_signature)

    def _make_newest(self, current: bytes | None, note: bytes) -> None:
        try:
            self._store.swap(NEWEST, current, note)
        except Conflict:
            # An earlier owner of the log may have finished this very publication.
            if self._store.read(NEWEST) != note:
                raise

    def _next_links(self, size: int, current: bytes | None) -> _Links:
        if current is None:
            self._demand_no_other(size)
            return _Links(0, size, size)
        previous = self._open(current).size
        links = self._read_links(previous)
        jump = self._read_links(links.jump)
        beyond = self._read_links(jump.jump)
        balanced = links.ordinal - jump.ordinal == jump.ordinal - beyond.ordinal
        return _Links(links.ordinal + 1, previous, jump.jump if balanced else previous)

    def _demand_no_other(self, size: int) -> None:
        for path in self._store.paths(KEPT):
            if path.partition(".")[0] != f"{KEPT}{size}":
                raise StorageFailed(
                    f"The file {NEWEST} of {self._origin} is missing although {path} is kept: restore it as a copy of "
                    f"the file in {KEPT} that has the greatest number."
                )


def _format_links(links: _Links) -> bytes:
    return format_record(_LINKS, [str(links.ordinal), str(links.previous), str(links.jump)])
