"""Invoices that are paid by bank transfer. One operator enters a line of the bank's statement, another confirms it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from market.kit.auth import Principal, Resource, decide, nothing_there
from market.kit.errors import Forbidden
from market.kit.i18n import N_
from market.kit.jobs import enqueue
from market.kit.money import Money, parse_money, total
from market.kit.paging import Page, page_by_id, read_id
from market.kit.ports import Ports
from market.payments import repository
from market.payments.bank_transfer import BankTransferGateway, parse_reference, print_reference
from market.payments.errors import (
    GatewayNotOffered,
    NoSuchInvoice,
    SecondPersonNeeded,
    TransferDecided,
    TransferKnown,
)
from market.payments.models import Invoice, Payment, Transfer
from market.payments.schemas import (
    InvoiceState,
    InvoiceView,
    PayTo,
    TransferDecision,
    TransferIn,
    TransferView,
)
from market.payments.verbs import CONFIRM_TRANSFER, ENTER_TRANSFER, READ_INVOICES, READ_TRANSFERS

# Wakes orders: {order_id}.
PAID_TOPIC = "payment.received"
DUE_WITHIN = timedelta(days=14)
LIST_LENGTH = 200


def bank_of(ports: Ports) -> BankTransferGateway:
    """Raises GatewayNotOffered where the operator has named no account."""
    found = ports.extras.get(BankTransferGateway)
    if not isinstance(found, BankTransferGateway) or not found.accounts:
        raise GatewayNotOffered(N_("Payment by bank transfer is not set up here."), hint=N_("Pay by card."))
    return found


def make_invoice(
    session: Session,
    *,
    bank: BankTransferGateway,
    order_id: UUID,
    org_id: UUID,
    amount: Money,
    description: str,
    now: datetime,
) -> InvoiceView:
    """The invoice of an order; the same one when it is asked for again. Raises AmountNotPayable."""
    known = repository.invoice_of(session, order_id)
    if known is not None:
        return view_of(session, known)
    told = bank.instruct(order_id=str(order_id), amount=amount, description=description, due=now + DUE_WITHIN)
    row = Invoice(
        number=repository.next_invoice_number(session),
        order_id=order_id,
        org_id=org_id,
        reference=told.reference,
        amount_minor=amount.minor,
        currency=amount.currency,
        description=description,
        account=asdict(told.account),
        due=told.due,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return view_of(session, row)


def cancel_invoice(session: Session, *, order_id: UUID) -> None:
    """No money is expected any more. An invoice on which money arrived stays."""
    row = repository.invoice_of(session, order_id)
    if row is not None and row.state == "UNPAID":
        row.state = "CANCELLED"
        session.add(row)
        session.flush()


def invoice_of(session: Session, *, order_id: UUID) -> InvoiceView | None:
    row = repository.invoice_of(session, order_id)
    return view_of(session, row) if row else None


def invoices_of(
    session: Session, *, actor: Principal, cursor: str | None = None, limit: int = 50
) -> Page[InvoiceView]:
    """One's organisation's invoices, newest first."""
    decide(actor, READ_INVOICES, Resource(org_id=actor.acting_org))
    before = read_id(cursor)
    rows = repository.invoices(session, actor.acting_org, before, limit + 1)
    return page_by_id(rows, limit, lambda shown: [view_of(session, row) for row in shown])


def open_invoices(session: Session, *, actor: Principal) -> list[InvoiceView]:
    """For the operator: what waits for money, the oldest first."""
    decide(actor, READ_TRANSFERS, Resource())
    return [view_of(session, row) for row in repository.open_invoices(session, LIST_LENGTH)]


def waiting_transfers(session: Session, *, actor: Principal) -> list[tuple[TransferView, InvoiceView]]:
    """For the operator: lines that wait for the second person, each with its invoice."""
    decide(actor, READ_TRANSFERS, Resource())
    rows = repository.entered_transfers(session, LIST_LENGTH)
    return [(transfer_view(row), view_of(session, _invoice(session, row.invoice_id))) for row in rows]


def enter_transfer(session: Session, *, actor: Principal, new: TransferIn, now: datetime) -> TransferView:
    """The first person enters a line of the bank's statement. It moves nothing before the second confirms it.

    Raises BadReference, NoSuchInvoice, AmountNotExact, TransferKnown.
    """
    decide(actor, ENTER_TRANSFER, Resource())
    found = repository.invoice_with_reference(session, parse_reference(new.reference))
    if found is None:
        raise NoSuchInvoice(
            N_("The reference is well formed, but no invoice of ours has it."),
            hint=N_("Compare it with the bank's statement, or send the money back."),
            where="reference",
        )
    amount = parse_money(new.amount, found.currency)
    if amount.minor <= 0:
        raise NoSuchInvoice(N_("Only money that arrived is entered."), where="amount")
    if repository.transfer_of_line(session, new.bank_line) is not None:
        raise TransferKnown(
            N_("The line %(line)s was entered before."), where="bank_line", line=new.bank_line
        )
    row = Transfer(
        invoice_id=found.id,
        bank_line=new.bank_line,
        amount_minor=amount.minor,
        currency=amount.currency,
        booked_on=new.booked_on,
        entered_by=_person(actor),
        entered_at=now,
    )
    session.add(row)
    session.flush()
    return transfer_view(row)


def confirm_transfer(
    session: Session, *, actor: Principal, transfer_id: UUID, decision: TransferDecision, now: datetime
) -> TransferView:
    """The second person compares with the bank and says yes or no. When the invoice's sum is there, its order is woken.

    Raises SecondPersonNeeded, TransferDecided.
    """
    decide(actor, CONFIRM_TRANSFER, Resource())
    row = repository.transfer(session, transfer_id, for_update=True)
    if row is None:
        raise nothing_there()
    person = _person(actor)
    if row.entered_by == person:
        raise SecondPersonNeeded(
            N_("You entered this transfer yourself."),
            hint=N_("Ask another operator to compare and confirm it."),
        )
    if row.state != "ENTERED":
        raise TransferDecided(N_("It is in the state %(state)s."), state=row.state)
    row.state, row.confirmed_by, row.confirmed_at = decision.decision, person, now
    session.add(row)
    session.flush()
    _take_stock(session, _invoice(session, row.invoice_id, for_update=True), now)
    return transfer_view(row)


def _take_stock(session: Session, row: Invoice, now: datetime) -> None:
    """Compare what was confirmed with what is due. Part of it pays nothing."""
    due = Money(row.amount_minor, row.currency)
    received = _received(session, row)
    if row.state == "PAID" or not received:
        return
    if received < due:
        row.state = "PART_PAID"
        session.add(row)
        session.flush()
        return
    row.state, row.paid_at = "PAID", now
    session.add(row)
    repository.add_payment(
        session,
        Payment(
            order_id=row.order_id,
            gateway="bank_transfer",
            amount_minor=due.minor,
            currency=due.currency,
            reference=row.reference,
            paid_at=now,
        ),
    )
    enqueue(session, PAID_TOPIC, {"order_id": str(row.order_id)}, now=now, key=str(row.order_id))
    session.flush()


def view_of(session: Session, row: Invoice) -> InvoiceView:
    return InvoiceView(
        id=row.id,
        number=f"{row.number:08d}",
        order_id=row.order_id,
        buyer_org=row.org_id,
        reference=row.reference,
        printed_reference=print_reference(row.reference),
        amount=Money(row.amount_minor, row.currency),
        received=_received(session, row),
        description=row.description,
        pay_to=PayTo(**row.account),
        state=InvoiceState(row.state),
        due=row.due,
        created_at=row.created_at,
        paid_at=row.paid_at,
    )


def transfer_view(row: Transfer) -> TransferView:
    fields = row.model_dump(exclude={"amount_minor", "currency"})
    return TransferView(**fields, amount=Money(row.amount_minor, row.currency))


def _received(session: Session, row: Invoice) -> Money:
    lines: Sequence[Transfer] = repository.transfers_of(session, row.id)
    came = [Money(line.amount_minor, line.currency) for line in lines if line.state == "CONFIRMED"]
    return total(came, row.currency)


def _invoice(session: Session, invoice_id: UUID, *, for_update: bool = False) -> Invoice:
    row = repository.invoice(session, invoice_id, for_update=for_update)
    if row is None:
        raise nothing_there()
    return row


def _person(actor: Principal) -> UUID:
    if actor.account_id is None:
        raise Forbidden(N_("This takes a person, not a program."))
    return actor.account_id
