"""The table of fuzz targets: what each parser of the ledger must do with any bytes at all.

A target takes bytes and returns, or raises what the bytes deserve (`Target.refusals`). Everything else that leaves it is
a bug: another exception, a failed assertion, a hang. What is accepted must hold what the parser promises; of our own
formats that is above all that formatting gives the same bytes again. A new public parser needs a target: a test looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ledger.errors import LedgerError, Malformed, StorageFailed, Unverified
from tests.fuzz import objects, records, seeds, texts

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Target:
    """A property of any bytes, good inputs to start from, and the errors that may leave it."""

    name: str
    holds: Callable[[bytes], None]
    good: Callable[[], list[bytes]]
    refusals: tuple[type[LedgerError], ...] = (Malformed, Unverified)

    def judge(self, data: bytes) -> bool:
        """Whether `data` was accepted; raises if what must hold does not."""
        try:
            self.holds(data)
        except self.refusals:
            return False
        return True

    @cached_property
    def inputs(self) -> list[bytes]:
        """The good inputs, and what earlier runs found."""
        found = sorted((CORPUS / self.name).glob("*"))
        return [*self.good(), *(path.read_bytes() for path in found)]


# What a log keeps for itself comes out of its stores; there, damage is the store's.
_STORES = (Malformed, Unverified, StorageFailed)

_TABLE = (
    Target("note", texts.parsed_note, seeds.notes),
    Target("opened-note", texts.opened_note, seeds.notes),
    Target("opened-checkpoint", texts.opened_checkpoint, seeds.notes),
    Target("signature-lines", texts.signature_lines, seeds.signature_lines),
    Target("vkey", texts.vkey, seeds.vkeys),
    Target("checkpoint", texts.parsed_checkpoint, seeds.checkpoints),
    Target("timed-signature", texts.timed_signature, seeds.timed),
    Target("policy", texts.parsed_policy, seeds.policies),
    Target("tlog-proof", texts.offline_proof, seeds.proofs),
    Target("rotation", texts.opened_rotation, seeds.rotations),
    Target("add-checkpoint", texts.request_to_witness, seeds.requests),
    Target("witness", texts.answer_of_witness, seeds.requests, ()),
    Target("tree-size", texts.size_of_witness, seeds.sizes),
    Target("tile-path", texts.tile_path, seeds.tile_paths),
    Target("file-names", texts.file_names, seeds.paths),
    Target("urn", texts.name_of_thing, seeds.urns),
    Target("mail-server", texts.mail_server, seeds.mail_servers),
    Target("base64", texts.base64_text, seeds.texts),
    Target("hex", texts.hex_text, seeds.texts),
    Target("decimal", texts.decimal_text, seeds.texts),
    Target("canonical-json", texts.canonical_json, seeds.json_texts),
    Target("json", texts.json_text, seeds.json_texts),
    Target("cbor", objects.any_cbor, seeds.cbor_items),
    Target("sign1", objects.sign1, seeds.entries),
    Target("statement", objects.statement, seeds.entries),
    Target("keys-of-entry", objects.keys_of_entry, seeds.entries, ()),
    Target("log-policy", objects.log_policy, seeds.entries),
    Target("key-binding", objects.key_binding, seeds.entries),
    Target("index-announcement", objects.index_announcement, seeds.entries),
    Target("entry-of-log", objects.entry_of_log, seeds.entries),
    Target("inclusion-receipt", objects.receipt_of_inclusion, seeds.receipts),
    Target("consistency-receipt", objects.receipt_of_consistency, seeds.consistency_receipts),
    Target("transparent-statement", objects.transparent_statement, seeds.transparent_statements),
    Target("submission", objects.submission, seeds.submissions),
    Target("cose-key", objects.cose_key, seeds.cose_keys),
    Target("key-set", objects.key_set, seeds.key_sets),
    Target("problem", objects.problem, seeds.problems),
    Target("manifest", objects.manifest, seeds.manifests),
    Target("sidecar", objects.sidecar, seeds.sidecars),
    Target("bundle", objects.bundle, seeds.bundles),
    Target("report-on-bundle", objects.report_on_bundle, seeds.bundles, ()),
    Target("history", objects.parsed_history, seeds.histories),
    Target("report-on-history", objects.report_on_history, seeds.histories, ()),
    Target("index-state", objects.index_state, seeds.index_states),
    Target("map-path", objects.path_through_map, seeds.map_paths),
    Target("tree-proof", objects.tree_proof, seeds.tree_proofs),
    Target("key-file", objects.key_file, seeds.key_files),
    Target("public-key", objects.public_key, seeds.public_keys),
    Target("ml-dsa-key", objects.ml_dsa_key, seeds.ml_dsa_keys),
    Target("time-stamp", objects.time_stamp, seeds.tokens),
    Target("entry-bundle", records.entry_bundle, seeds.entry_bundles),
    Target("frames", records.frames, seeds.entry_bundles),
    Target("damaged-file", records.damaged_file, seeds.entry_bundles, ()),
    Target("record", records.record, seeds.records),
    Target("head", records.head_of_log, seeds.heads),
    Target("staged", records.staged_batch, seeds.staged),
    Target("lease", records.lease, seeds.leases),
    Target("signed-head", records.signed_head, seeds.signed_heads),
    Target("signer-state", records.state_of_signer, seeds.signer_states),
    Target("signer-request", records.request_to_signer, seeds.signer_requests, ()),
    Target("monitor-state", records.state_of_monitor, seeds.monitor_states),
    Target("kept-checkpoint", records.kept_checkpoint, seeds.kept, _STORES),
    Target("map-page", records.page_of_map, seeds.pages, _STORES),
)

TARGETS = {target.name: target for target in _TABLE}
