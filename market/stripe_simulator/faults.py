"""The errors of the simulated API, in the shape that Stripe gives them (docs.stripe.com/api/errors)."""

from __future__ import annotations

from typing import Any


class StripeFault(Exception):
    """One refused request.

    status: HTTP status. kind: `type` of the error object. code, param: as in Stripe's error object, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.kind, self.code, self.param = message, status, kind, code, param

    def body(self) -> dict[str, Any]:
        """The JSON body. Like Stripe, it leaves out what is null."""
        error = {"type": self.kind, "message": self.message, "code": self.code, "param": self.param}
        return {"error": {name: value for name, value in error.items() if value is not None}}


def missing_object(kind: str, object_id: str, *, param: str = "id", status: int = 404) -> StripeFault:
    """No such object. Stripe says 404 for the object of the path and 400 for one named by a parameter."""
    return StripeFault(f"No such {kind}: '{object_id}'", status=status, code="resource_missing", param=param)


def unsupported(what: str, param: str) -> StripeFault:
    """Real at Stripe, not played by this simulator: refused, because ignoring it would hide a difference."""
    return StripeFault(f"The simulator does not play {what}.", code="simulator_unsupported", param=param)
