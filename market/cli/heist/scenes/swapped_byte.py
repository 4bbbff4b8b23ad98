"""Scene 1: root changes one byte of a stored file, and the market goes on handing it out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from market.catalog.blobs import open_blobs
from market.cli.demo.acts.auditing import one_byte_changed, verify
from market.cli.heist.case import Case, Unnoticed, failed_lines
from market.client import ClientError
from market.client.errors import Corrupt
from market.client.words import tell as in_words

_OWNER_WRITES = 0o200


def play(case: Case) -> None:
    tell, evidence = case.tell, case.evidence
    tell.begin("The heist, scene 1: root changes one byte of a stored file")
    blob = open_blobs(case.settings.blobs, case.settings.s3_options).path_of(evidence.sha256)
    if blob is None:
        raise ClientError(f"{evidence.file} does not lie in a folder of this machine; the scene needs one.")
    with _writable(blob), one_byte_changed(blob, blob.stat().st_size // 3):
        tell.say("One bit of %(file)s is flipped where it is stored:", file=evidence.file)
        tell.show(str(blob))
        _buyer_notices(case)
        _auditor_notices(case)
    _all_is_well_again(case)


def _buyer_notices(case: Case) -> None:
    """The buyer's client checks each file against its registration before it keeps it."""
    folder = _fresh(case, "again")
    try:
        with case.buyer() as buyer:
            buyer.download(case.evidence.asset, folder, version_id=case.evidence.version)
    except Corrupt as found:
        case.tell.say("The buyer downloads again. The buyer's client says:")
        case.tell.show(in_words(case.tell.lang, found))
    else:
        raise Unnoticed("the buyer's client took the changed file")


def _auditor_notices(case: Case) -> None:
    """The auditor gets what was delivered without a check, and the receipt."""
    data = _fresh(case, "delivered")
    shutil.copytree(case.root / case.evidence.data, data)
    case.fetch_unchecked(data / case.evidence.file)
    done = verify(case.registration, data, case.trust, case.tell.lang)
    failed = failed_lines(done, "the changed file")
    case.tell.say(
        "Somebody fetches the file with curl, unchecked, and gives it to the auditor. The check says:"
    )
    case.tell.show("\n".join(failed))


def _all_is_well_again(case: Case) -> None:
    folder = _fresh(case, "restored")
    with case.buyer() as buyer:
        buyer.download(case.evidence.asset, folder, version_id=case.evidence.version)
    case.tell.say("The byte is put back; the same download now passes.")


def _fresh(case: Case, name: str) -> Path:
    folder = case.work / name
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    """While the block runs the owner may write the file; then its mode is as before."""
    mode = path.stat().st_mode
    path.chmod(mode | _OWNER_WRITES)
    try:
        yield
    finally:
        path.chmod(mode)
