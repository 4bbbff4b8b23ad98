"""What can go wrong with assets, versions and uploads."""

from __future__ import annotations

from market.kit.errors import Fault, Kind
from market.kit.i18n import N_


class VersionExists(Fault):
    kind, slug = Kind.CONFLICT, "version-exists"
    title = N_("This asset already has a version of that number")


class VersionSealed(Fault):
    kind, slug = Kind.CONFLICT, "version-sealed"
    title = N_("This version is registered and cannot change")


class VersionOvertaken(Fault):
    kind, slug = Kind.CONFLICT, "version-overtaken"
    title = N_("The asset has moved on to another version")


class ManifestUnusable(Fault):
    slug = "manifest-unusable"
    title = N_("The manifest cannot be used")


class SourceUnknown(Fault):
    slug = "source-unknown"
    title = N_("A source of this version is not registered here")


class FilesMissing(Fault):
    kind, slug = Kind.CONFLICT, "files-missing"
    title = N_("Not all files of this version are here")


class BytesDiffer(Fault):
    slug = "bytes-differ"
    title = N_("The bytes are not those of the manifest")


class StorageQuotaExceeded(Fault):
    kind, slug = Kind.TOO_LARGE, "storage-quota-exceeded"
    title = N_("Your organisation's storage is used up")


class TooManyUploads(Fault):
    kind, slug = Kind.TOO_MANY, "too-many-uploads"
    title = N_("Too many uploads are under way")


class TooManyDrafts(Fault):
    kind, slug = Kind.CONFLICT, "too-many-drafts"
    title = N_("Your organisation has too many drafts")


class UploadTooLong(Fault):
    kind, slug = Kind.TOO_LARGE, "upload-too-long"
    title = N_("More bytes than were announced")


class OffsetWrong(Fault):
    """params["offset"]: the byte at which the upload goes on."""

    kind, slug = Kind.CONFLICT, "offset-wrong"
    title = N_("The upload goes on at another byte")


class UploadBusy(Fault):
    kind, slug = Kind.CONFLICT, "upload-busy"
    title = N_("Another request is writing to this upload")


class UploadOver(Fault):
    kind, slug = Kind.GONE, "upload-over"
    title = N_("This upload is over")


class ChecksumMismatch(Fault):
    kind, slug = Kind.CHECKSUM, "checksum-mismatch"
    title = N_("A chunk arrived damaged")
