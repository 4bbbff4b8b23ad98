"""The web application: wires every slice's routes, pages and jobs to the ports that it is given."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from types import ModuleType

import anyio.to_thread
from fastapi import APIRouter, FastAPI

from market.config import Settings
from market.kit import housekeeping, middleware, openapi, problems, site
from market.kit.guards import refuse_unguarded
from market.kit.jobs import Handler, Worker
from market.kit.ports import Ports
from market.kit.ratelimit import RateLimits

# From the lowest to the highest; each may have routes (JSON), pages (HTML) and tasks (jobs).
SLICES = (
    "provenance",
    "accounts",
    "zones",
    "catalog",
    "registry",
    "licensing",
    "payments",
    "orders",
    "delivery",
    "shelf",
)

# Handlers are synchronous and spend most of their time holding the interpreter: more threads only make them queue there.
HANDLER_THREADS = 8
MAX_BODY = 2 * 1024 * 1024
# A part as large as UploadLimits.chunk_bytes lets it be, and a little.
MAX_UPLOAD_PART = 65 * 1024 * 1024


def create_app(settings: Settings, ports: Ports) -> FastAPI:
    """The application on the given ports. Starts a worker thread while it serves, if the settings say so."""
    worker = Worker(ports.db, job_handlers(ports), ports.clock) if settings.embedded_worker else None
    app = FastAPI(
        title="Datawharf",
        version=openapi.API_VERSION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(worker),
    )
    app.state.ports, app.state.settings, app.state.worker = ports, settings, worker
    app.state.rate_limits = RateLimits(enabled=settings.rate_limits)
    app.state.page_context = []
    problems.install(app)
    app.include_router(site.router)
    for name in SLICES:
        for part in ("routes", "pages"):
            module = _part(name, part)
            if module is not None:
                _include(app, module)
    openapi.describe(app)
    refuse_unguarded(app)
    _wrap(app, settings)
    return app


def job_handlers(ports: Ports) -> dict[str, Handler]:
    """Every job topic with its handler: a lower slice wakes a higher one by topic only."""
    handlers: dict[str, Handler] = housekeeping.handlers(ports)
    for name in SLICES:
        module = _part(name, "tasks")
        if module is None:
            continue
        for topic, handler in module.handlers(ports).items():
            if topic in handlers:
                raise RuntimeError(f"two slices handle the job topic {topic!r}")
            handlers[topic] = handler
    return handlers


def _part(slice_name: str, part: str) -> ModuleType | None:
    name = f"market.{slice_name}.{part}"
    return import_module(name) if importlib.util.find_spec(name) is not None else None


def _include(app: FastAPI, module: ModuleType) -> None:
    for value in vars(module).values():
        if isinstance(value, APIRouter):
            app.include_router(value)
    context = getattr(module, "page_context", None)
    if context is not None:
        app.state.page_context.append(context)


def _lifespan(worker: Worker | None) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = HANDLER_THREADS
        if worker is not None:
            worker.start()
        yield
        if worker is not None:
            await anyio.to_thread.run_sync(worker.stop)

    return lifespan


def _wrap(app: FastAPI, settings: Settings) -> None:
    """Middleware; the last one added is the outermost."""
    app.add_middleware(
        middleware.BodyLimit,
        limit=MAX_BODY,
        refuse=problems.too_large,
        by_prefix={
            "/api/v1/uploads": MAX_UPLOAD_PART,
            "/zh/studio/uploads": MAX_UPLOAD_PART,
            "/en/studio/uploads": MAX_UPLOAD_PART,
        },
    )
    app.add_middleware(middleware.HeadAsGet, metered=("/rows",))
    app.add_middleware(middleware.Unforeseen, answer=problems.answer_unexpected)
    app.add_middleware(middleware.HostGuard, allowed=settings.hosts)
    pay_origins = [settings.stripe.pay_origin] if settings.stripe else []
    app.add_middleware(middleware.SecurityHeaders, https=settings.https, form_actions=pay_origins)
