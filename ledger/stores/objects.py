"""An object store and a lock store over S3 and its like, through `obstore`.

Write-once is a put with `If-None-Match: *`, compare-and-swap one with `If-Match` and the entity tag that was read. The
bucket must enforce both; `check_conditional_put` finds out, because some servers accept the headers and ignore them.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self, cast

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import ObjectStore as Bucket
from obstore.store import from_url

from ledger.errors import Conflict, StorageFailed
from ledger.storage import check_object_path

if TYPE_CHECKING:
    from obstore import PutMode
    from obstore.store import S3Config

_PARALLEL_PUTS = 16


class S3Objects:
    """An `ObjectStore` in a bucket (an `obstore` store, which may carry a prefix)."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    @classmethod
    def open(cls, url: str, options: Mapping[str, str]) -> Self:
        """The store at `s3://bucket/prefix`; `options` are obstore's (`endpoint`, `access_key_id`, `region`, …).

        An `endpoint` that starts with http:// is taken at its word.
        """
        plain = options.get("endpoint", "").startswith("http://")
        return cls(
            from_url(url, config=cast("S3Config", dict(options)), client_options={"allow_http": plain})
        )

    def read(self, path: str) -> bytes | None:
        return _read(self._bucket, check_object_path(path))[0]

    def create(self, objects: Mapping[str, bytes]) -> None:
        for path in objects:
            check_object_path(path)
        if len(objects) == 1:
            self._create_one(*next(iter(objects.items())))
            return
        with ThreadPoolExecutor(_PARALLEL_PUTS) as pool:
            for done in [pool.submit(self._create_one, path, data) for path, data in objects.items()]:
                done.result()

    def swap(self, path: str, old: bytes | None, new: bytes) -> None:
        if not _swap(self._bucket, check_object_path(path), old, new):
            raise Conflict(f"The object {path} has been changed by another writer.")

    def paths(self, prefix: str) -> Iterator[str]:
        # S3 lists by characters, obstore by whole segments, hence the second look at the prefix.
        try:
            for batch in obstore.list(self._bucket, prefix.rpartition("/")[0] or None):
                yield from (str(found["path"]) for found in batch if found["path"].startswith(prefix))
        except BaseError as error:
            raise _failed("list", prefix, error) from error

    def delete(self, paths: Sequence[str]) -> None:
        # One by one: there are seldom two, and not every server knows how to delete many at once.
        for path in paths:
            try:
                obstore.delete(self._bucket, check_object_path(path))
            except FileNotFoundError:
                continue
            except BaseError as error:
                raise _failed("delete", path, error) from error

    def check_conditional_put(self) -> None:
        """`StorageFailed` if the bucket lets a put through whose condition does not hold: it is unfit for a log."""
        path = f"staging/probe-{secrets.token_hex(8)}"
        try:
            first = obstore.put(self._bucket, path, b"first", mode="create", use_multipart=False)
            enforced = _is_refused(self._bucket, path, "create")
            if enforced:
                tag = first["e_tag"] or ""
                obstore.put(self._bucket, path, b"second", mode={"e_tag": tag}, use_multipart=False)
                enforced = _is_refused(self._bucket, path, {"e_tag": tag})
        except (BaseError, NotImplementedError) as error:
            raise _failed("write", path, error) from error
        finally:
            self.delete([path])
        if not enforced:
            raise StorageFailed("The bucket does not enforce conditional puts, so it cannot keep a log.")

    def _create_one(self, path: str, data: bytes) -> None:
        try:
            obstore.put(self._bucket, path, data, mode="create", use_multipart=False)
        except (AlreadyExistsError, PreconditionError):
            if self.read(path) != data:
                raise Conflict(f"The object {path} exists with other bytes.") from None
        except BaseError as error:
            raise _failed("write", path, error) from error


class S3Lock:
    """A `LockStore` of two objects, `head` and `lease`, in a bucket (an `obstore` store, which may carry a prefix).

    One log has one such place; it may not lie where the log's objects are served from.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def read(self) -> bytes | None:
        return _read(self._bucket, "head")[0]

    def create(self, data: bytes) -> None:
        if not _swap(self._bucket, "head", None, data):
            raise Conflict("The bucket has a head already.")

    def swap(self, old: bytes, new: bytes) -> None:
        if not _swap(self._bucket, "head", old, new):
            raise Conflict("The head in the bucket has been moved by another writer.")

    def read_lease(self) -> bytes | None:
        return _read(self._bucket, "lease")[0]

    def swap_lease(self, old: bytes | None, new: bytes) -> None:
        if not _swap(self._bucket, "lease", old, new):
            raise Conflict("The lease in the bucket has been changed by another process.")


def _read(bucket: Bucket, path: str) -> tuple[bytes | None, str | None]:
    """An object's bytes and its entity tag."""
    try:
        found = obstore.get(bucket, path)
        return bytes(found.bytes()), found.meta["e_tag"]
    except FileNotFoundError:
        return None, None
    except BaseError as error:
        raise _failed("read", path, error) from error


def _swap(bucket: Bucket, path: str, old: bytes | None, new: bytes) -> bool:
    # A retry inside obstore after a lost answer says False although the bytes are there: the caller has to look,
    # as after any failure. To take equal bytes for one's own would let two writers own one epoch.
    found, tag = _read(bucket, path)
    if found != old:
        return False
    mode: PutMode = "create" if found is None else {"e_tag": tag or ""}
    try:
        obstore.put(bucket, path, new, mode=mode, use_multipart=False)
    except (AlreadyExistsError, PreconditionError, FileNotFoundError):
        return False
    except BaseError as error:
        raise _failed("swap", path, error) from error
    return True


def _is_refused(bucket: Bucket, path: str, mode: "PutMode") -> bool:
    try:
        obstore.put(bucket, path, b"other", mode=mode, use_multipart=False)
    except (AlreadyExistsError, PreconditionError):
        return True
    return False


def _failed(verb: str, what: str, error: Exception) -> StorageFailed:
    return StorageFailed(f"The object store could not {verb} {what}: {error}")
