"""Which store keeps the bytes of an installation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from obstore.store import S3Store

from market.catalog.blob_store import BlobStore
from market.catalog.file_blobs import FileBlobs
from market.catalog.object_blobs import ObjectBlobs

__all__ = ["BlobStore", "FileBlobs", "ObjectBlobs", "open_blobs"]


def open_blobs(location: str, s3_options: Mapping[str, str], public_endpoint: str = "") -> BlobStore:
    """The store at a folder, or at s3://bucket/prefix with obstore's options (endpoint, access_key_id, …).

    An endpoint that starts with http:// is taken at its word. public_endpoint: where buyers reach the same store; empty
    where they do not, and then no address in it is handed out.
    """
    if not location.startswith("s3://"):
        return FileBlobs(Path(location))
    signing = _s3(location, {**s3_options, "endpoint": public_endpoint}) if public_endpoint else None
    return ObjectBlobs(_s3(location, s3_options), signing)


def _s3(location: str, options: Mapping[str, str]) -> S3Store:
    address = urlsplit(location)
    plain = options.get("endpoint", "").startswith("http://")
    given = cast("dict[str, Any]", {"client_options": {"allow_http": plain}, **options})
    return S3Store(address.netloc, prefix=address.path.strip("/") or None, **given)
