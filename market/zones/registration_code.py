"""Registration codes: GXDA-<adcode 6>-<type 1>-<yyyymm>-<serial 6>-<check 2>, our own scheme.

The check is ISO 7064 MOD 97-10 over the letters and digits (A = 10 … Z = 35): it finds every single wrong character
and every swap of two neighbours.
"""

from __future__ import annotations

import re

TYPES = {"RESOURCE": "R", "PRODUCT": "P", "SERVICE": "S", "TOOL": "T"}
_FORM = re.compile(r"GXDA-\d{6}-[PRST]-\d{4}(0[1-9]|1[0-2])-\d{6}-\d{2}", re.ASCII)


def format_registration_code(adcode: str, kind: str, month: str, serial: int) -> str:
    """month: yyyymm. kind: RESOURCE, PRODUCT, SERVICE or TOOL. Raises ValueError if it cannot be written."""
    if not 1 <= serial <= 999_999:
        raise ValueError(f"a month has room for 999,999 registrations of a kind, not for number {serial}")
    body = f"GXDA-{adcode}-{TYPES[kind]}-{month}-{serial:06d}"
    check = 98 - _number(body) * 100 % 97
    code = f"{body}-{check:02d}"
    if not _FORM.fullmatch(code):
        raise ValueError(f"{code!r} is not a registration code")
    return code


def is_registration_code(text: str) -> bool:
    """Whether the form and the check digits are right. It says nothing about whether the code was given out."""
    return bool(_FORM.fullmatch(text)) and _number(text) % 97 == 1


def _number(text: str) -> int:
    return int("".join(str(int(char, 36)) for char in text if char != "-"))
