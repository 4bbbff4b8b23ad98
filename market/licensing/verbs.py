"""What one can do with offers, requests, contracts and entitlements."""

from market.kit.auth import Reach, Role, Verb

_PROVIDERS = frozenset({Role.OWNER, Role.ADMIN, Role.PUBLISHER})
_BUYERS = frozenset({Role.OWNER, Role.ADMIN, Role.BUYER})
_ALL = _PROVIDERS | _BUYERS | {Role.BILLING, Role.MEMBER, Role.AUDITOR}

READ_OFFERS = Verb("read_offers", Reach.ANYONE, writes=False)
READ_OWN_OFFERS = Verb("read_own_offers", Reach.OWN, _ALL, "catalog:read", writes=False)
PUBLISH_OFFER = Verb("publish_offer", Reach.OWN, _PROVIDERS, "asset:publish")
REQUEST_ACCESS = Verb("request_access", Reach.OWN, _BUYERS, "order:create")
READ_REQUESTS = Verb("read_requests", Reach.OWN, _ALL, "catalog:read", writes=False)
DECIDE_REQUEST = Verb("decide_request", Reach.OWN, _PROVIDERS, "asset:publish")
MAKE_CONTRACT = Verb("make_contract", Reach.OWN, _BUYERS, "order:create")
READ_CONTRACTS = Verb("read_contracts", Reach.OWN, _ALL, "catalog:read", writes=False)
DECLINE_CONTRACT = Verb("decline_contract", Reach.OWN, _PROVIDERS, "asset:publish")
SIGN_CONTRACT = Verb("sign_contract", Reach.OWN, _PROVIDERS | _BUYERS, "statement:submit")
READ_ENTITLEMENTS = Verb("read_entitlements", Reach.OWN, _ALL, "download:read", writes=False)
REVOKE_ENTITLEMENT = Verb("revoke_entitlement", Reach.OWN, _PROVIDERS, "statement:submit")
# By jobs and by orders only: nobody gives himself a licence.
ACTIVATE = Verb("activate_entitlement", Reach.PLATFORM, frozenset({Role.OPERATOR}))
