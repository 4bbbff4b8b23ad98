"""Refusals of this slice."""

from __future__ import annotations

from market.kit.errors import Fault, Kind
from market.kit.i18n import N_


class WrongCredentials(Fault):
    """The same for an unknown address and a wrong password, on purpose."""

    kind, slug = Kind.UNAUTHENTICATED, "wrong-credentials"
    title = N_("The e-mail address or the password is wrong")


class SignInBusy(Fault):
    kind, slug = Kind.UNAVAILABLE, "sign-in-busy"
    title = N_("Too many people are signing in right now")


class WeakPassword(Fault):
    kind, slug = Kind.INVALID, "weak-password"
    title = N_("This password is too easy to guess")


class TooManyOrganisations(Fault):
    kind, slug = Kind.CONFLICT, "too-many-organisations"
    title = N_("You belong to too many organisations to make another")


class ConfirmationRequired(Fault):
    kind, slug = Kind.FORBIDDEN, "confirmation-required"
    title = N_("Confirm with your password first")


class AddressHasAccount(Fault):
    kind, slug = Kind.CONFLICT, "address-has-account"
    title = N_("Somebody has an account with this e-mail address")


class RankTooLow(Fault):
    kind, slug = Kind.FORBIDDEN, "rank-too-low"
    title = N_("Nobody can give or take a role above his own")


class LastOwnerStays(Fault):
    kind, slug = Kind.CONFLICT, "last-owner-stays"
    title = N_("An organisation keeps at least one owner")


class RoleNotForKind(Fault):
    kind, slug = Kind.INVALID, "role-not-for-organisation"
    title = N_("This kind of organisation has no such role")


class AlreadyMember(Fault):
    kind, slug = Kind.CONFLICT, "already-member"
    title = N_("This person is a member already")


class InviteNotUsable(Fault):
    kind, slug = Kind.GONE, "invite-not-usable"
    title = N_("This invitation can no longer be used")


class LinkNotUsable(Fault):
    kind, slug = Kind.GONE, "link-not-usable"
    title = N_("This sign-in link can no longer be used")


class ScopeNotAllowed(Fault):
    kind, slug = Kind.INVALID, "scope-not-allowed"
    title = N_("This scope cannot be given to a key")


class KeyEnded(Fault):
    kind, slug = Kind.CONFLICT, "key-ended"
    title = N_("This API key has ended")


class WrongOrganisationState(Fault):
    kind, slug = Kind.CONFLICT, "organisation-state"
    title = N_("The organisation is not in a state that allows this")
