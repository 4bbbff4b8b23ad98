"""What one can do with offers, requests, contracts and entitlements."""

from market.kit.auth import Reach, Role, Verb

_PROVIDERS = frozenset({Role.OWNER, Role.ADMIN, Role.PUBLISHER})
_BUYERS = frozenset({Role.OWNER, Role.ADMIN, Role.BUYER})
_ALL = _PROVIDERS | _BUYERS | {Role.BILLING, Role.MEMBER, Role.AUDITOR}

READ_OFFERS = Verb("offer:read", Reach.ANYONE, writes=False)
READ_OWN_OFFERS = Verb("offer:read-own", Reach.OWN, _ALL, "catalog:read", writes=False)
PUBLISH_OFFER = Verb("offer:publish", Reach.OWN, _PROVIDERS, "asset:publish")
REQUEST_ACCESS = Verb("access:request", Reach.OWN, _BUYERS, "order:create")
READ_REQUESTS = Verb("access:read", Reach.OWN, _ALL, "catalog:read", writes=False)
DECIDE_REQUEST = Verb("access:decide", Reach.OWN, _PROVIDERS, "asset:publish")
MAKE_CONTRACT = Verb("contract:make", Reach.OWN, _BUYERS, "order:create")
READ_CONTRACTS = Verb("contract:read", Reach.OWN, _ALL, "catalog:read", writes=False)
DECLINE_CONTRACT = Verb("contract:decline", Reach.OWN, _PROVIDERS, "asset:publish")
SIGN_CONTRACT = Verb("contract:sign", Reach.OWN, _PROVIDERS | _BUYERS, "statement:submit")
READ_ENTITLEMENTS = Verb("entitlement:read", Reach.OWN, _ALL, "download:read", writes=False)
REVOKE_ENTITLEMENT = Verb("entitlement:revoke", Reach.OWN, _PROVIDERS, "statement:submit")
# By jobs and by orders only: nobody gives himself a licence.
ACTIVATE = Verb("entitlement:activate", Reach.PLATFORM, frozenset({Role.OPERATOR}))
