"""Trust files, good and bad, with the verdict and the fingerprint of the ledger package."""

from itertools import combinations

from ledger.errors import LedgerError
from ledger.keys import SigningKey
from ledger.mldsa import MlDsaPublicKey
from ledger.note import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA, NOTE_ED25519, Verifier
from ledger.policy import fingerprint, parse_policy, quorum_met


def _vkey(name: str, kind: int, seed: int) -> str:
    return Verifier(name, kind, SigningKey.from_seed(bytes([seed]) * 32).public).vkey


LOG = _vkey("data.example/ledger", NOTE_ED25519, 1)
WITNESSES = [_vkey(f"w{n}.example", COSIGNATURE_ED25519, 10 + n) for n in range(4)]
ML_DSA = Verifier("w5.example", COSIGNATURE_ML_DSA, MlDsaPublicKey(bytes(range(164)) * 8)).vkey
LINES = [f"log {LOG}", *(f"witness w{n} {vkey}" for n, vkey in enumerate(WITNESSES))]
BASE = "\n".join(LINES) + "\n"
GOOD = {
    "plain": f"log {LOG}\nquorum none\n",
    "two keys of one log": f"log {LOG}\nlog {_vkey('data.example/ledger', NOTE_ED25519, 2)}\nquorum none\n",
    "ml-dsa": BASE + f"witness w5 {ML_DSA} https://w5.example/\nquorum w5\n",
    "comments": f"# who we trust\n\n  log\t{LOG}   https://data.example/ledger \n#x\nquorum none\n\n",
    "one": BASE + "quorum w2\n",
    "any": BASE + "group g any w0 w1\nquorum g\n",
    "all": BASE + "group g all w0 w1 w2\nquorum g\n",
    "two": BASE + "group g 2 w0 w1 w2\nquorum g\n",
    "all as number": BASE + "group g 3 w0 w1 w2\nquorum g\n",
    "nested": BASE + "group a 1 w0 w1\ngroup b all w2 w3\ngroup c 2 a b\nquorum c\n",
    "single": BASE + "group g any w0\nquorum g\n",
    "names": BASE.replace("witness w0", "witness 见证方") + "quorum 见证方\n",
    "constructor": BASE + "group constructor 1 w0\nquorum constructor\n",
}
BAD = [
    "", "\n", "quorum none\n", f"log {LOG}\n", f"log {LOG}\nquorum none", f"log {LOG}\r\nquorum none\r\n",
    f"log {LOG}\nquorum none\nquorum none\n", f"log {LOG}\nlog {LOG}\nquorum none\n", f"log {WITNESSES[0]}\nquorum none\n",
    f"log {LOG} a b\nquorum none\n", "log\nquorum none\n", f"log {LOG}x\nquorum none\n", f"Log {LOG}\nquorum none\n",
    f"log {LOG}\nquorum\n",
    f"log {LOG}\nlog {_vkey('other.example', NOTE_ED25519, 1)}\nquorum none\n", BASE + "quorum w9\n", BASE + "quorum w0 w1\n",
    BASE + f"witness w0 {_vkey('x', COSIGNATURE_ED25519, 30)}\nquorum none\n",
    BASE + f"witness w8 {WITNESSES[0]}\nquorum none\n",
    BASE + f"witness none {_vkey('x', COSIGNATURE_ED25519, 30)}\nquorum none\n", BASE + "group g any\nquorum g\n",
    BASE + f"witness #a {_vkey('x', COSIGNATURE_ED25519, 30)}\nquorum none\n", BASE + f"witness w8 {LOG}\nquorum none\n",
    BASE + "group g 0 w0\nquorum g\n", BASE + "group g 2 w0\nquorum g\n", BASE + "group g 01 w0\nquorum g\n",
    BASE + "group g some w0\nquorum g\n", BASE + "group g constructor w0\nquorum g\n", BASE + "group g any w9\nquorum g\n",
    BASE + "group g any g\nquorum g\n", BASE + "group g any w0 w0\nquorum g\n", BASE + "group w0 any w1\nquorum w0\n",
    BASE + "group g any w0\ngroup h any w0\nquorum h\n", BASE + "group g any h\ngroup h any w0\nquorum g\n",
    BASE + "group g 10000 w0\nquorum g\n", BASE + "group none any w0\nquorum none\n", BASE + "constructor x\nquorum none\n",
    BASE + "group g\u00a0h any w0\nquorum none\n", BASE + "group g\u200bh any w0\nquorum none\n",
    f"log {LOG}\x7f\nquorum none\n", f"log {ML_DSA}\nquorum none\n", BASE + f"witness w5 {ML_DSA[:-4]}\nquorum none\n",
    BASE + f"witness w5 {ML_DSA}\nwitness w6 {ML_DSA}\nquorum none\n",
    BASE + f"witness w5 {ML_DSA[:-8]}AAAAAAA=\nquorum none\n",
]  # fmt: skip


def _accepted(text: str) -> bool:
    try:
        parse_policy(text.encode())
    except LedgerError:
        return False
    return True


def _good(name: str, text: str) -> dict[str, object]:
    policy = parse_policy(text.encode())
    verifiers = {witness.name: witness.verifier for witness in policy.witnesses}
    subsets = [
        subset for count in range(len(verifiers) + 1) for subset in combinations(sorted(verifiers), count)
    ]
    quorums = [
        {"signed": list(subset), "met": quorum_met(policy, [verifiers[each] for each in subset])}
        for subset in subsets
    ]
    return {"name": name, "text": text, "fingerprint": fingerprint(policy), "quorums": quorums}


def build() -> dict[str, object]:
    """{"good": [{name, text, fingerprint, quorums: [{signed, met}]}], "others": [{text, accepted}]}."""
    return {
        "good": [_good(name, text) for name, text in GOOD.items()],
        "others": [{"text": text, "accepted": _accepted(text)} for text in BAD],
    }
