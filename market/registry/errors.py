"""What can stand in the way of a registration."""

from market.kit.errors import Fault, Kind
from market.kit.i18n import N_


class WrongState(Fault):
    kind, slug = Kind.CONFLICT, "application-in-another-state"
    title = N_("The application is not in a state for this")


class AlreadyApplied(Fault):
    kind, slug = Kind.CONFLICT, "already-applied"
    title = N_("This version has an application already")


class NotYetRegistered(Fault):
    kind, slug = Kind.CONFLICT, "version-not-signed"
    title = N_("The version has not been signed and recorded yet")


class MayNotBeRegistered(Fault):
    kind, slug = Kind.INVALID, "may-not-be-registered"
    title = N_("The rules do not allow this asset to be registered")


class OwnApplication(Fault):
    kind, slug = Kind.FORBIDDEN, "own-application"
    title = N_("A registrar does not decide on its own assets")


class CertificateUnsigned(Fault):
    kind, slug = Kind.INVALID, "certificate-not-signed"
    title = N_("The certificate is not signed")


class DecisionUsed(Fault):
    kind, slug = Kind.CONFLICT, "decision-used"
    title = N_("This signed decision counted once already")
