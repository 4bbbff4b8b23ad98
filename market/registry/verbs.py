"""What one can do with applications and certificates."""

from market.kit.auth import Reach, Role, Verb

_PUBLISHERS = frozenset({Role.OWNER, Role.ADMIN, Role.PUBLISHER})
APPLY = Verb("submit_application", Reach.OWN, _PUBLISHERS, "asset:publish")
READ_OWN_APPLICATIONS = Verb(
    "read_own_applications",
    Reach.OWN,
    _PUBLISHERS | {Role.MEMBER, Role.AUDITOR},
    "catalog:read",
    writes=False,
)
READ_QUEUE = Verb(
    "read_queue", Reach.ZONE, frozenset({Role.REVIEWER, Role.OWNER}), "catalog:read", writes=False
)
# The platform's auditor looks over every registrar's shoulder; its other staff have no business there.
OVERSEE = Verb(
    "oversee_applications", Reach.PLATFORM, frozenset({Role.AUDITOR}), "catalog:read", writes=False
)
DECIDE = Verb("decide_application", Reach.ZONE, frozenset({Role.REVIEWER}), "statement:submit")
READ_CERTIFICATE = Verb("read_certificate", Reach.ANYONE, writes=False)
# Applicants and registrars alike; the service lets each see only what is theirs.
SEE_APPLICATION = Verb("see_application", Reach.SELF, key_scope="catalog:read", writes=False)
