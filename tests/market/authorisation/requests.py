"""How each route is called: which object stands for each name in its address, and what its body is.

Names not listed stand for the object of the same name in the world. Bodies not listed are the example in the API's
description.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

Ids = dict[str, str]
UNKNOWN = "0192f0c1-2345-7abc-8def-0123456789ab"
# Names of no object: the same for everybody.
PLAIN = {
    "lang": "en",
    "index": "0",
    "size": "2",
    "kind": "none",
    "old": "1",
    "new": "2",
    "kid": "none",
    "leaf": "00" * 32,
    "digest": "x",
    "name": "css/datawharf.css",
    "path": "draft.csv",
    "pack_id": "none",
    "session_id": UNKNOWN,
    "ticket": "none",
}
_SIGNED = {"statement": base64.b64encode(b"no statement").decode(), "openings": []}

# Harbour has licences, contracts, requests and orders on both sides. Pages of the studio are about what it sold, others
# about what it bought; where that is not so, or where an asset on show is meant rather than a draft, it stands here.
SOLD, BOUGHT, LISTED = "sold.", "bought.", "listed."
SIDES = {
    "POST /api/v1/access-requests/{request_id}/decision": SOLD,
    "POST /api/v1/contracts/{contract_id}/refusal": SOLD,
    "POST /{lang}/contracts/{contract_id}/decline": SOLD,
    "POST /api/v1/entitlements/{entitlement_id}/revocation": SOLD,
    "POST /api/v1/entitlements/{entitlement_id}/revocation-drafts": SOLD,
}
_TERMS = {
    "kind": "OPEN",
    "term_days": 365,
    "environment": ["download"],
    "licence": "CC-BY-4.0",
    "terms": {"may": [{"action": "use"}], "must": [{"action": "attribute"}]},
}
# Bodies that name an object, or that have to be well-formed where the example is cut short.
BODIES: dict[str, Callable[[Ids], Any]] = {
    "POST /api/v1/applications": lambda ids: {"version_id": ids["version_id"]},
    "POST /api/v1/offers/drafts": lambda ids: {"asset_id": ids["asset_id"]} | _TERMS,
    "POST /api/v1/offers": lambda ids: {"draft_id": ids["draft_id"]} | _SIGNED,
    "POST /api/v1/access-requests": lambda ids: {
        "offer_id": ids["bought.request_offer_id"], "purpose": "RESEARCH", "description": "x", "answers": ["x"]
    },
    "POST /api/v1/contracts": lambda ids: {"offer_id": ids["bought.open_offer_id"]},
    "POST /api/v1/orders": lambda ids: {"contract_id": ids["bought.contract_id"], "gateway": "bank_transfer"},
    "POST /api/v1/tickets": lambda ids: {"version_id": ids["bought.version_id"], "path": "ports.csv"},
    "POST /api/v1/applications/{application_id}/decisions": lambda _: {"decision": "accepted"} | _SIGNED,
    "POST /api/v1/entitlements/{entitlement_id}/acknowledgements": lambda ids: {"version_id": ids["bought.version_id"]}
    | _SIGNED,
    "POST /{lang}/studio/uploads": lambda ids: {"version_id": ids["version_id"], "path": "draft.csv"},
}  # fmt: skip
# Routes about objects that everybody may see or take, whoever they belong to.
PUBLIC = frozenset(
    {
        "GET /api/v1/organisations/{org_id}/signing-keys",
        "GET /api/v1/certificates/{code}",
        "GET /api/v1/offers/{offer_id}",
        "GET /{lang}/c/{code}",
        "GET /c/{code}",
        "GET /{lang}/offers/{offer_id}",
        "GET /{lang}/offers/{offer_id}/purpose",
        "POST /{lang}/offers/{offer_id}/purpose",
        "POST /{lang}/offers/{offer_id}/request",
        "GET /{lang}/assets/{address}",
        "GET /{lang}/assets/{address}.jsonld",
        "GET /{lang}/assets/{address}/preview",
        "GET /{lang}/assets/{address}/files",
        "GET /{lang}/assets/{address}/terms",
        "GET /{lang}/assets/{address}/provenance",
        "GET /{lang}/assets/{address}/history",
        "GET /{lang}/zones/{adcode}",
        "GET /{lang}/providers/{org_id}",
        "POST /api/v1/access-requests",
        "POST /api/v1/contracts",
        "POST /api/v1/tickets",
    }
)
# Routes whose object belongs to one person of the organisation, or whose form or query a bare call leaves out: for
# somebody whom the door lets through the answer may have nothing to do with the object.
PERSONAL = frozenset(
    {
        "POST /api/v1/organisations/{org_id}/api-keys/{key_id}/rotation",
        "DELETE /api/v1/organisations/{org_id}/api-keys/{key_id}",
        "POST /{lang}/orgs/{org_id}/api-keys/{key_id}/rotate",
        "POST /{lang}/orgs/{org_id}/api-keys/{key_id}/revoke",
        "POST /{lang}/library/{entitlement_id}/downloads",
        "POST /{lang}/orgs/{org_id}/leave",
        "POST /{lang}/studio/registrations",
        "GET /api/v1/assets/{asset_id}/rows",
        "GET /api/v1/assets/{asset_id}/rows/schema",
        "GET /api/v1/versions/{version_id}/sidecar",
        "POST /api/v1/entitlements/{entitlement_id}/revocation",
        "POST /{lang}/registry/applications/{application_id}/decisions",
        "POST /{lang}/checkout/{contract_id}/pay",
    }
)
