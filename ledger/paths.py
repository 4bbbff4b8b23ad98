"""Names of files inside a manifest: safe to create on any system, and no two that people or systems mix up.

path      segments joined by "/", Unicode NFC, at most 1,024 bytes of UTF-8
segment   1 to 255 bytes; not "." or ".."; no control, line-separating, bidirectional-override or
          non-character; none of < > : " | ? * and backslash; no dot or space at its end; no device name of
          Windows
unique    after folding of compatibility forms, case, invisible characters and Cyrillic or Greek letters that
          look Latin; and no path is also a folder of another
"""

import re
import unicodedata
from collections.abc import Iterable

from ledger.errors import Malformed

MAX_PATH_BYTES = 1024
MAX_SEGMENT_BYTES = 255

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FORBIDDEN = frozenset('<>:"|?*\\')
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])", re.IGNORECASE
)
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458\u0501\u051b\u051d"
    "\u04cf\u04bb\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u0131\u0251\u0261",
    "abekmhopctyxsijdqwlhabenikvoptuxiag",
)


def check_path(path: str) -> None:
    """Return if `path` may stand in a manifest, else raise Malformed with the reason."""
    encoded = _utf8(path)
    if not path or len(encoded) > MAX_PATH_BYTES:
        raise Malformed(f"The file name {path[:80]!r} does not have 1 to {MAX_PATH_BYTES} bytes.")
    if unicodedata.normalize("NFC", path) != path:
        raise Malformed(f"The file name {path!r} is not in Unicode normal form C.")
    for char in path:
        if _is_refused(char):
            raise Malformed(
                f"The file name {path!r} contains the character U+{ord(char):04X}, which is not allowed."
            )
    for segment in path.split("/"):
        _check_segment(segment, path)


def check_paths(paths: Iterable[str]) -> None:
    """Return if all `paths` may stand in one manifest together, else raise Malformed with the reason."""
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in paths:
        check_path(path)
        folded = skeleton(path)
        other = seen.get(folded, folders.get(folded))
        if other is not None:
            raise Malformed(f"The file names {other!r} and {path!r} are too alike to tell apart.")
        seen[folded] = path
        for end in (at for at, char in enumerate(folded) if char == "/"):
            folder = folded[:end]
            if folder in seen:
                raise Malformed(f"The file name {seen[folder]!r} is also a folder of {path!r}.")
            folders.setdefault(folder, path)


def skeleton(path: str) -> str:
    """What is left of a path when everything is folded away by which two names can be mistaken for each other."""
    folded = unicodedata.normalize("NFKC", path).casefold()
    visible = "".join(char for char in folded if not _is_invisible(char))
    return unicodedata.normalize("NFKC", visible.translate(_LOOK_ALIKES))


def _check_segment(segment: str, path: str) -> None:
    if not segment:
        raise Malformed(f"The file name {path!r} is absolute or has an empty part between slashes.")
    if segment in (".", ".."):
        raise Malformed(f"The file name {path!r} contains the part {segment!r}.")
    if len(segment.encode()) > MAX_SEGMENT_BYTES:
        raise Malformed(f"A part of the file name {path[:80]!r} has more than {MAX_SEGMENT_BYTES} bytes.")
    if segment[-1] in ". ":
        raise Malformed(f"A part of the file name {path!r} ends in a dot or a space.")
    if _DEVICE.fullmatch(segment.partition(".")[0].rstrip(" ")):
        raise Malformed(f"The file name {path!r} contains {segment!r}, which is a device on Windows.")


def _is_refused(char: str) -> bool:
    category = unicodedata.category(char)
    non_character = ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF
    return category in ("Cc", "Zl", "Zp") or char in _BIDI or char in _FORBIDDEN or non_character


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) == "Cf" or char in _INVISIBLE or 0xFE00 <= ord(char) <= 0xFE0F


def _utf8(path: str) -> bytes:
    try:
        return path.encode()
    except UnicodeEncodeError:
        raise Malformed("A file name is not Unicode text.") from None
