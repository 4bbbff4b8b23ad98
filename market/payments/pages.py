"""The operators' page on which bank transfers are entered, and confirmed by somebody else."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from market.kit.auth import Principal
from market.kit.errors import Fault
from market.kit.forms import Submitted, SubmittedDep, fault_errors
from market.kit.guards import page_guard
from market.kit.i18n import N_
from market.kit.money import AmountNotExact
from market.kit.pages import LangPath, page_router, redirect
from market.kit.ports import ports_of
from market.kit.templating import render
from market.payments import service
from market.payments.schemas import TransferDecision, TransferIn
from market.payments.verbs import CONFIRM_TRANSFER, ENTER_TRANSFER, READ_TRANSFERS

router = page_router("payments")


@router.get("/ops/payments")
def payments_page(
    request: Request, lang: LangPath, actor: Annotated[Principal, Depends(page_guard(READ_TRANSFERS))]
) -> Response:
    return _page(request, actor, Submitted(), {})


@router.post("/ops/payments")
def enter_transfer(
    request: Request,
    lang: LangPath,
    actor: Annotated[Principal, Depends(page_guard(ENTER_TRANSFER))],
    form: SubmittedDep,
) -> Response:
    ports = ports_of(request)
    new, errors = form.read(TransferIn, lang)
    if new is None:
        return _page(request, actor, form, errors, 422)
    try:
        with ports.db.writing() as session:
            service.enter_transfer(session, actor=actor, new=new, now=ports.clock.now())
    except Fault as fault:
        # What makes an amount none does not know what the field is called here.
        otherwise = "amount" if isinstance(fault, AmountNotExact) else ""
        errors = fault_errors(fault, lang, lambda where: where or otherwise)
        return _page(request, actor, form, errors, int(fault.kind))
    return redirect(f"/{lang}/ops/payments", flash=N_("Entered. Another operator confirms it."))


@router.post("/ops/payments/{transfer_id}")
def decide_transfer(
    request: Request,
    lang: LangPath,
    transfer_id: UUID,
    actor: Annotated[Principal, Depends(page_guard(CONFIRM_TRANSFER))],
    form: SubmittedDep,
) -> Response:
    ports = ports_of(request)
    decision, _ = form.read(TransferDecision, lang)
    if decision is None:
        return redirect(f"/{lang}/ops/payments", flash=N_("Choose to confirm or to reject."))
    with ports.db.writing() as session:
        done = service.confirm_transfer(
            session, actor=actor, transfer_id=transfer_id, decision=decision, now=ports.clock.now()
        )
    confirmed = done.state == "CONFIRMED"
    return redirect(
        f"/{lang}/ops/payments",
        flash=N_("Confirmed.") if confirmed else N_("Rejected. It counts for nothing."),
    )


def _page(
    request: Request, actor: Principal, form: Submitted, errors: dict[str, str], status: int = 200
) -> Response:
    with ports_of(request).db.reading() as session:
        waiting = service.waiting_transfers(session, actor=actor)
        invoices = service.open_invoices(session, actor=actor)
    return render(
        request,
        "payments/transfers.html",
        status=status,
        waiting=waiting,
        invoices=invoices,
        values=form.values,
        errors=errors,
    )
