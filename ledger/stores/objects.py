"""An object store over S3 and its like, through `obstore` (conditional put: `If-None-Match: *`).

The bucket must enforce conditional puts; `check_conditional_put` finds out, because some servers accept the
header and ignore it.
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
        try:
            return bytes(obstore.get(self._bucket, check_object_path(path)).bytes())
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _failed("read", path, error) from error

    def create(self, objects: Mapping[str, bytes]) -> None:
        for path in objects:
            check_object_path(path)
        if len(objects) == 1:
            self._create_one(*next(iter(objects.items())))
            return
        with ThreadPoolExecutor(_PARALLEL_PUTS) as pool:
            for done in [pool.submit(self._create_one, path, data) for path, data in objects.items()]:
                done.result()

    def replace(self, path: str, data: bytes) -> None:
        try:
            obstore.put(self._bucket, check_object_path(path), data, use_multipart=False)
        except BaseError as error:
            raise _failed("replace", path, error) from error

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
        """`StorageFailed` if the bucket lets a second conditional put through: it is unfit for a log."""
        path = f"staging/probe-{secrets.token_hex(8)}"
        self.create({path: b"first"})
        try:
            self.create({path: b"other"})
        except Conflict:
            return
        finally:
            self.delete([path])
        raise StorageFailed("The bucket does not enforce conditional puts, so it cannot keep a log.")

    def _create_one(self, path: str, data: bytes) -> None:
        try:
            obstore.put(self._bucket, path, data, mode="create", use_multipart=False)
        except (AlreadyExistsError, PreconditionError):
            if self.read(path) != data:
                raise Conflict(f"The object {path} exists with other bytes.") from None
        except BaseError as error:
            raise _failed("write", path, error) from error


def _failed(verb: str, what: str, error: Exception) -> StorageFailed:
    return StorageFailed(f"The object store could not {verb} {what}: {error}")
