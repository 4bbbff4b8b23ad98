"""What can stand between a buyer and a licence."""

from market.kit.errors import Fault, Kind
from market.kit.i18n import N_


class NotOfferable(Fault):
    kind, slug = Kind.CONFLICT, "asset-not-offerable"
    title = N_("This asset cannot be offered")


class WrongOfferState(Fault):
    kind, slug = Kind.CONFLICT, "offer-in-another-state"
    title = N_("The offer is not in a state for this")


class OfferNotOpen(Fault):
    kind, slug = Kind.GONE, "offer-not-open"
    title = N_("This offer is not open any more")


class OfferChanged(Fault):
    kind, slug = Kind.CONFLICT, "offer-changed"
    title = N_("The offer was changed since the contract was made")


class OwnOffer(Fault):
    kind, slug = Kind.CONFLICT, "own-offer"
    title = N_("This is your own organisation's offer")


class LicenceAlreadyGranted(Fault):
    kind, slug = Kind.CONFLICT, "licence-already-granted"
    title = N_("Your organisation has this licence already, or is on the way to it")


class ApprovalNeeded(Fault):
    kind, slug = Kind.FORBIDDEN, "approval-needed"
    title = N_("The provider has to approve a request first")


class NotOnRequest(Fault):
    kind, slug = Kind.CONFLICT, "offer-needs-no-request"
    title = N_("This offer takes no requests")


class AlreadyRequested(Fault):
    kind, slug = Kind.CONFLICT, "already-requested"
    title = N_("Your organisation has asked for this already")


class TooManyOpenRequests(Fault):
    kind, slug = Kind.TOO_MANY, "too-many-open-requests"
    title = N_("Too many of your requests wait for an answer")


class RequestDecided(Fault):
    kind, slug = Kind.CONFLICT, "request-decided"
    title = N_("This request was decided already")


class WrongContractState(Fault):
    kind, slug = Kind.CONFLICT, "contract-in-another-state"
    title = N_("The contract is not in a state for this")


class ContractLapsed(Fault):
    kind, slug = Kind.GONE, "contract-lapsed"
    title = N_("The time to sign this contract is over")


class NotEntitled(Fault):
    kind, slug = Kind.FORBIDDEN, "not-entitled"
    title = N_("You have no licence for this")


class RowQuotaExceeded(Fault):
    kind, slug = Kind.PAYMENT_REQUIRED, "row-quota-exceeded"
    title = N_("The licence's rows are used up")


class RevocationNotAgreed(Fault):
    kind, slug = Kind.CONFLICT, "revocation-not-agreed"
    title = N_("The contract does not let the licence be ended this way")


class EntitlementOver(Fault):
    kind, slug = Kind.CONFLICT, "entitlement-over"
    title = N_("This licence has ended already")
