"""The API's description (OpenAPI 3.1): what every route shares is added here once."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from market.kit.auth import Reach
from market.kit.guards import routes_of, verb_of

API_VERSION = "1.0.0"
DESCRIPTION = """\
The marketplace and its provenance ledger. Send `Authorization: Bearer <API key>`; creating requests carry an
`Idempotency-Key`, edits an `If-Match`. Errors are RFC 9457 problems: `slug` never changes, `detail` and `hint` follow
`Accept-Language`. Lists are paged by the cursor `next`.
"""
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "slug", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "hint": {"type": "string", "description": "What to do."},
        "where": {"type": "string", "description": "The field, header, file or line at fault."},
        "slug": {"type": "string", "description": "Stable name of the fact."},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


def describe(app: FastAPI) -> None:
    """Replace app.openapi by a description that is complete: security, problems, who may call what."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _describe(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description=DESCRIPTION,
        routes=app.routes,
    )
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "dwk_…"}}
    components["responses"] = {
        "Problem": {
            "description": "The request was refused; the body says why and what to do.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    }
    for route in routes_of(app):
        verb = verb_of(route)
        for method in route.methods or ():
            operation = schema["paths"].get(route.path_format or "", {}).get(method.lower())
            if operation is None or verb is None:
                continue
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
            operation["x-verb"] = {
                "name": verb.name,
                "reach": verb.reach,
                "roles": sorted(verb.roles),
                "scope": verb.key_scope,
            }
            if verb.reach is not Reach.ANYONE:
                operation["security"] = [{"key": []}]
    return schema
