"""What can stand between an order and its licence."""

from market.kit.errors import Fault, Kind
from market.kit.i18n import N_


class NothingToPay(Fault):
    kind, slug = Kind.CONFLICT, "nothing-to-pay"
    title = N_("This contract has no price")


class ContractOver(Fault):
    kind, slug = Kind.CONFLICT, "contract-over"
    title = N_("This contract can no longer be paid")


class OrderUnderway(Fault):
    kind, slug = Kind.CONFLICT, "order-underway"
    title = N_("There is an order for this contract already")


class WrongOrderState(Fault):
    kind, slug = Kind.CONFLICT, "order-in-another-state"
    title = N_("The order is not in a state for this")
