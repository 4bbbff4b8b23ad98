"""Any order of chunks, mistakes, breaks and restarts: the acknowledged offset never lies, and the end is exact."""

from __future__ import annotations

import shutil
import tempfile
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from market.catalog.errors import ChecksumMismatch, OffsetWrong, UploadTooLong
from market.catalog.intake import Reception
from market.catalog.ports import intake_of
from tests.market.catalog.conftest import CHUNK, build_shop, checksum_of


class Uploading(RuleBasedStateMachine):
    """One file, sent by an unreliable client to processes that come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="datawharf-upload-"))
        self.shop = build_shop(f"sqlite:///{self.folder / 'market.db'}", self.folder)
        self.provider = self.shop.org("provider")
        self.offset, self.data, self.over = 0, b"", False

    @initialize(data=st.binary(min_size=1, max_size=40), repeat=st.integers(1, 9000))
    def announce(self, data: bytes, repeat: int) -> None:
        self.data = data * repeat
        version = self.provider.version(self.provider.asset()["id"], {"a.bin": self.data})
        self.version = version["id"]
        self.upload = UUID(self.provider.open(self.version, "a.bin")["upload"])

    def begin(self, start: int, chunk: bytes, checksum: str | None = None) -> Reception:
        return intake_of(self.shop.ports).begin(
            actor=self.provider.actor,
            upload_id=self.upload,
            start=start,
            length=len(chunk),
            checksum=checksum or checksum_of(chunk),
        )

    @precondition(lambda self: not self.over)
    @rule(size=st.integers(1, CHUNK), cut=st.integers(0, CHUNK))
    def send(self, size: int, cut: int) -> None:
        chunk = self.data[self.offset : self.offset + size]
        reception = self.begin(self.offset, chunk)
        reception.take([chunk[:cut]])
        reception.take([chunk[cut:]])
        view = reception.end(self.shop.clock.now())
        reception.close()
        self.offset += len(chunk)
        self.over = self.offset == len(self.data)
        assert view.offset == self.offset
        assert (view.state == "complete") == self.over

    @precondition(lambda self: not self.over)
    @rule(size=st.integers(1, CHUNK))
    def break_off(self, size: int) -> None:
        """Bytes are written, and the connection ends before the last."""
        chunk = self.data[self.offset : self.offset + size]
        reception = self.begin(self.offset, chunk)
        reception.take([b"?" * (len(chunk) - 1)])
        reception.close()

    @precondition(lambda self: not self.over)
    @rule(size=st.integers(1, 1000))
    def send_damaged(self, size: int) -> None:
        chunk = self.data[self.offset : self.offset + size]
        reception = self.begin(self.offset, chunk, checksum_of(chunk + b"!"))
        reception.take([chunk])
        with pytest.raises(ChecksumMismatch):
            reception.end(self.shop.clock.now())
        reception.close()

    @precondition(lambda self: not self.over)
    @rule(wrong=st.integers(0, 400_000))
    def send_elsewhere(self, wrong: int) -> None:
        if wrong == self.offset:
            return
        with pytest.raises(OffsetWrong) as refused:
            self.begin(wrong, b"x")
        assert refused.value.params["offset"] == self.offset

    @precondition(lambda self: not self.over)
    @rule()
    def send_too_much(self) -> None:
        with pytest.raises(UploadTooLong):
            self.begin(self.offset, b"x" * (len(self.data) - self.offset + 1))

    @rule()
    def restart(self) -> None:
        self.shop.restart()

    @rule()
    def jobs_run(self) -> None:
        self.shop.drain(minutes=3)

    @precondition(lambda self: not self.over)
    @rule()
    def open_again(self) -> None:
        view = self.provider.open(self.version, "a.bin")
        assert (UUID(view["upload"]), view["offset"]) == (self.upload, self.offset)

    @invariant()
    def the_offset_is_what_was_acknowledged(self) -> None:
        if not self.data:
            return
        head = self.provider("HEAD", f"/uploads/{self.upload}")
        assert int(head.headers["Upload-Offset"]) == self.offset
        digest = sha256(self.data).hexdigest()
        assert self.shop.kept() == ([digest] if self.over else [])
        if self.over:
            path = intake_of(self.shop.ports).store.path_of(digest)
            assert path is not None
            assert path.read_bytes() == self.data
            assert self.shop.incoming() == []

    def teardown(self) -> None:
        self.shop.db.close()
        shutil.rmtree(self.folder)


TestUploading = Uploading.TestCase
TestUploading.settings = settings(max_examples=25, stateful_step_count=15)
