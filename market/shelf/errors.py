"""What keeps an asset off the shelf."""

from market.kit.errors import Fault, Kind
from market.kit.i18n import N_


class NotListable(Fault):
    kind, slug = Kind.CONFLICT, "asset-not-listable"
    title = N_("The asset cannot be put on show yet")


class WrongListingState(Fault):
    kind, slug = Kind.CONFLICT, "listing-in-another-state"
    title = N_("The listing is not in a state for this")
