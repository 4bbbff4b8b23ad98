"""Opening the files of a log for reading, wherever they are: a folder, or an address on the web."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import Malformed
from ledger.storage import ObjectReader
from ledger.stores.files import FileObjects

NEWEST = "checkpoint"


@contextmanager
def opened_files(place: str) -> Iterator[ObjectReader]:
    """The files at `place`, and at the end no connection to it is left."""
    files = open_files(place)
    try:
        yield files
    finally:
        close = getattr(files, "close", None)
        if close is not None:
            close()


def open_files(place: str) -> ObjectReader:
    """The files at `place`: http(s)://… or a folder with the file `checkpoint` (or the folder around its `log/`)."""
    if place.startswith(("http://", "https://")):
        # Here, so that reading a folder takes no HTTP client.
        from ledger.stores.http import HttpObjects

        return HttpObjects(place)
    for folder in (Path(place), Path(place) / "log"):
        if (folder / NEWEST).is_file():
            return FileObjects(folder)
    raise Malformed(f"There is no log in {place}: neither {NEWEST} nor log/{NEWEST} is there.")
