"""What can be wrong with a statement that is brought to the ledger."""

from market.kit.errors import Fault, Kind
from market.kit.i18n import N_


class StatementMalformed(Fault):
    kind, slug = Kind.INVALID, "statement-malformed"
    title = N_("The statement cannot be read")


class WrongLog(Fault):
    kind, slug = Kind.INVALID, "statement-for-another-log"
    title = N_("The statement is meant for another log")


class BadSignature(Fault):
    kind, slug = Kind.INVALID, "bad-signature"
    title = N_("The signature does not fit the statement")


class UnknownKey(Fault):
    kind, slug = Kind.INVALID, "unknown-signing-key"
    title = N_("The signing key is not registered for this organisation")


class KeyWithdrawn(Fault):
    kind, slug = Kind.CONFLICT, "signing-key-withdrawn"
    title = N_("The signing key was withdrawn")


class KeyTaken(Fault):
    kind, slug = Kind.CONFLICT, "signing-key-taken"
    title = N_("This signing key is registered already")


class KeyUnusable(Fault):
    kind, slug = Kind.INVALID, "signing-key-unusable"
    title = N_("This signing key cannot be used")


class StatementDiffers(Fault):
    kind, slug = Kind.INVALID, "statement-differs"
    title = N_("The signed statement does not say what was to be signed")


class WrongSigner(Fault):
    kind, slug = Kind.FORBIDDEN, "wrong-signer"
    title = N_("The statement was signed for somebody else")
