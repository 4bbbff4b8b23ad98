"""Pages of the ledger: its head, its entries, one entry with its proof drawn, and the verifier."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from ledger.check import Report, check_bundle
from ledger.errors import LedgerError
from ledger.hashing import leaf_hash
from ledger.policy import format_policy, parse_policy
from market.kit.auth import Principal
from market.kit.errors import InvalidInput
from market.kit.forms import SubmittedDep
from market.kit.guards import page_guard
from market.kit.i18n import N_, translate
from market.kit.pages import LangPath, page_router
from market.kit.paging import read_cursor, write_cursor
from market.kit.ports import ports_of
from market.kit.templating import render
from market.provenance import entries, repository, service
from market.provenance.drawing import draw_path
from market.provenance.gateway import Ledger
from market.provenance.histories import keys_in
from market.provenance.schemas import RECEIPT_TYPE, receipt_headers
from market.provenance.verbs import READ_LOG, VERIFY
from market.provenance.verifier_entry import verifier_statement
from market.provenance.verifier_file import verifier_digest

router = page_router("provenance")
Visitor = Annotated[Principal, Depends(page_guard(READ_LOG))]
PAGE_SIZE = 25
MAX_RECEIPT = 1 << 20
_CODE = re.compile(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}")
_NUMBER = re.compile(r"-?[0-9]+")
_LEAF = re.compile(r"[0-9a-f]{64}")


@router.get("/ledger")
def ledger_page(request: Request, lang: LangPath, actor: Visitor, cursor: str | None = None) -> Response:
    """The head, and entries newest first."""
    ledger = ports_of(request).get(Ledger)
    before = int(read_cursor(cursor, [int])[0]) if cursor else None
    shown = entries.before(ledger, before, PAGE_SIZE)
    older = write_cursor(shown[-1].index) if shown and shown[-1].index > 0 else ""
    newer = _newer(before, service.head(ledger).size)
    return render(
        request,
        "provenance/ledger.html",
        head=service.head(ledger),
        entries=shown,
        older=older,
        newer=newer,
        query="",
    )


@router.get("/ledger/lookup")
def lookup(
    request: Request, lang: LangPath, actor: Visitor, q: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """One box: an entry number, a leaf hash or a certificate's code. A miss says what there is, and what can be asked."""
    ledger = ports_of(request).get(Ledger)
    text = _asked(q)
    head = service.head(ledger)
    if _CODE.fullmatch(text.upper()):
        return RedirectResponse(f"/{lang}/c/{text.upper()}", status_code=303)
    if text.isdecimal() and len(text) < 16 and int(text) < head.size:
        return RedirectResponse(f"/{lang}/ledger/entries/{int(text)}", status_code=303)
    if _LEAF.fullmatch(text):
        with ports_of(request).db.reading() as session:
            row = repository.statement(session, text)
        if row is not None and row.log_index is not None:
            return RedirectResponse(f"/{lang}/ledger/entries/{row.log_index}", status_code=303)
        if row is not None:
            return render(request, "provenance/lookup.html", query=q, head=head, missed="", pending=True)
        begun = ledger.genesis_index(text)
        if begun is not None:
            return RedirectResponse(f"/{lang}/ledger/entries/{begun}", status_code=303)
    missed = _kind(text)
    status = 404 if missed else 200
    return render(
        request, "provenance/lookup.html", status=status, query=q, head=head, missed=missed, pending=False
    )


def _asked(text: str) -> str:
    """What was asked, without the marks that people copy along."""
    bare = unicodedata.normalize("NFKC", text).strip().lower()
    return bare.removeprefix("#").replace(",", "").removeprefix("sha256:")


def _kind(text: str) -> str:
    """What a text that leads nowhere looks like: number, hash or other; empty if there is none."""
    if _LEAF.fullmatch(text):
        return "hash"
    return "number" if _NUMBER.fullmatch(text) else "other" if text else ""


@router.get("/ledger/entries/{index}")
def entry_page(request: Request, lang: LangPath, actor: Visitor, index: int) -> Response:
    """An entry in words, its bytes, and the path from it to the signed root."""
    ledger = ports_of(request).get(Ledger)
    entry = entries.at(ledger, index)
    reader = ledger.refreshed()
    under = reader.checkpoint_covering(index)
    path = reader.inclusion(index, under.size)
    data = reader.entry(index)
    seen = ledger.first_seen(under)
    drawing = draw_path(
        leaf_hash(data),
        index,
        under.size,
        path,
        under.root,
        translate(
            lang, "The way from entry %(index)s to the root of %(size)s entries", index=index, size=under.size
        ),
    )
    return render(
        request,
        "provenance/entry.html",
        entry=entry,
        size=under.size,
        root=under.root.hex(),
        path=[digest.hex() for digest in path],
        note=under.note.decode(),
        drawing=drawing,
        document=entries.document(data),
        bytes_hex=data.hex(),
        seen=seen,
        seen_at=datetime.fromtimestamp(seen.time, UTC) if seen else None,
        last=reader.size - 1,
        origin=ledger.origin,
        keys=keys_in(data),
    )


@router.get("/verify")
def verify_page(request: Request, lang: LangPath, actor: Visitor) -> Response:
    """The receipt verifier: it runs in the browser, with the trust file that this page pins."""
    return _verifier(request, format_policy(ports_of(request).get(Ledger).policy).decode(), None)


@router.post("/verify")
def verify_here(
    request: Request,
    lang: LangPath,
    actor: Annotated[Principal, Depends(page_guard(VERIFY))],
    form: SubmittedDep,
) -> Response:
    """For browsers that cannot check, and for text that is no receipt: a code, a hash or a number leads to its page."""
    text = str(form.values.get("text") or "").strip()
    asked = _asked(text)
    if _CODE.fullmatch(asked.upper()) or _kind(asked) in ("number", "hash"):
        return RedirectResponse(f"/{lang}/ledger/lookup?q={quote(asked[:200])}", status_code=303)
    given = form.files.get("receipt")
    data = given.file.read(MAX_RECEIPT) if given is not None else b""
    ports = ports_of(request)
    trust = str(form.values.get("trust") or "").replace("\r\n", "\n").rstrip() + "\n"
    wrong = _no_receipt(data, text)
    if wrong:
        return _verifier(request, trust, None, text=text, errors={"text": translate(lang, wrong)})
    try:
        policy = parse_policy(trust.encode())
    except LedgerError as error:
        raise InvalidInput(
            N_("The trust file cannot be read: %(why)s"),
            hint=N_("Leave the one that the page shows, or paste a whole file."),
            where="trust",
            why=error,
        ) from error
    report = check_bundle(data or text.encode(), policy, now=int(ports.clock.now().timestamp()))
    return _verifier(request, trust, report)


def _no_receipt(data: bytes, text: str) -> str:
    """What is wrong with something that was sent as a receipt and cannot be one; empty if it may be."""
    if data or text.startswith("{"):
        return ""
    if text:
        return N_(
            "This is neither a receipt nor a query code, a leaf hash or an entry number. The text of a receipt "
            "begins with { and ends with }; paste all of it, or choose the file."
        )
    return N_("Choose a receipt, or paste one.")


def _verifier(
    request: Request,
    trust: str,
    checked: Report | None,
    *,
    text: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    ports = ports_of(request)
    with ports.db.reading() as session:
        recorded = verifier_statement(session, ports.get(Ledger))
    return render(
        request,
        "provenance/verify.html",
        status=422 if errors else 200,
        text=text,
        errors=errors or {},
        policy=trust,
        verifier_digest=verifier_digest(),
        verifier_entry=recorded.index if recorded else None,
        fingerprint=ports.get(Ledger).fingerprint,
        checked=checked,
        marks={"passed": "✓", "failed": "✗", "warning": "!", "not_run": "–"},
    )


@router.get("/receipts/{leaf}")
def receipt_file(request: Request, lang: LangPath, actor: Visitor, leaf: str) -> Response:
    """The receipt of a statement as a file; for the signed-in parties with what opens its commitments."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        bundle = service.receipt(session, actor=actor, ledger=ports.get(Ledger), leaf=leaf)
    if bundle is None:
        return render(request, "provenance/receipt_pending.html", status=202, leaf=leaf)
    return Response(bundle, media_type=RECEIPT_TYPE, headers=receipt_headers(leaf))


def _newer(before: int | None, size: int) -> str:
    """The cursor of the page of newer entries; empty on the first page."""
    if before is None or before >= size:
        return ""
    return write_cursor(min(before + PAGE_SIZE, size))
