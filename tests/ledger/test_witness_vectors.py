"""The published sigsum log of one, three and five entries, which other witnesses are tested with too."""

from __future__ import annotations

from ledger.checkpoint import cosignatures
from ledger.keys import PublicKey
from ledger.note import NOTE_ED25519, Verifier, open_note
from ledger.witness.witness import Witness
from tests.ledger.witnesses import KEY, NOW, MemoryState

ORIGIN = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
LOG = Verifier(
    ORIGIN,
    NOTE_ED25519,
    PublicKey.parse(bytes.fromhex("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f")),
)
ROOTS = {
    1: "KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    3: "RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=",
    5: "QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=",
}
SIGNATURES = {
    1: "UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=",
    3: "UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go=",
    5: "UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww=",
}
LEAVES = [
    "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "KgMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
]
TO_THREE = LEAVES[:2]
TO_FIVE = [LEAVES[1], LEAVES[2], "wgiIFdZfYNv6WU1OllBKsWnLYIS/DBMqt8Uh/S4OukE=", LEAVES[3]]
FROM_ONE_TO_FIVE = [LEAVES[0], "+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=", LEAVES[3]]


def request(old: int, size: int, proof: list[str], *, origin: str = ORIGIN, signature: str = "") -> bytes:
    head = "".join(f"{line}\n" for line in (f"old {old}", *proof))
    note = f"{origin}\n{size}\n{ROOTS[size]}\n\n— {origin} {signature or SIGNATURES[size]}\n"
    return f"{head}\n{note}".encode()


def test_the_published_requests_get_the_published_answers() -> None:
    witness = Witness([KEY], MemoryState(LOG), lambda: NOW)
    wrong = [LEAVES[0], LEAVES[1].replace("AAA=", "ABA=")]
    steps = [
        (request(0, 1, []), 200),
        (request(1, 3, TO_THREE, signature=SIGNATURES[3].replace("6go=", "6gx=")), 403),
        (request(1, 3, TO_THREE, signature=SIGNATURES[3].replace("6go=", "6gw=")), 403),
        (request(1, 3, TO_THREE, origin=ORIGIN[:-1] + "3"), 404),
        (request(1, 3, []), 422),
        (request(1, 3, wrong), 422),
        (request(1, 3, TO_THREE), 200),
        (request(1, 5, FROM_ONE_TO_FIVE), 409),
        (request(3, 5, TO_FIVE), 200),
        (request(0, 5, []), 409),
        (request(5, 5, []), 200),
        (request(5, 5, []).partition("\n— ".encode())[0], 400),
    ]
    for number, (body, status) in enumerate(steps):
        answer = witness.add_checkpoint(body)
        assert answer.status == status, (number, answer.body)
    conflicts = [witness.add_checkpoint(body).body for body, status in steps if status == 409]
    assert conflicts == [b"5\n", b"5\n"]
    note = steps[8][0].partition(b"\n\n")[2] + witness.add_checkpoint(request(5, 5, [])).body
    assert [seen.time for seen in cosignatures(open_note(note, [LOG, KEY.verifier]))] == [NOW]
