"""The web application: wires every slice's routes, pages and jobs to the ports that it is given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI

import market.accounts.key_pages
import market.accounts.key_routes
import market.accounts.organisation_pages
import market.accounts.pages
import market.accounts.routes
import market.catalog.pages
import market.catalog.routes
import market.catalog.tasks
import market.catalog.upload_pages
import market.delivery.pages
import market.delivery.routes
import market.delivery.tasks
import market.licensing.entitlement_routes
import market.licensing.pages
import market.licensing.routes
import market.licensing.studio_pages
import market.orders.pages
import market.orders.routes
import market.orders.tasks
import market.payments.pages
import market.payments.routes
import market.provenance.explorer_pages
import market.provenance.file_routes
import market.provenance.index_routes
import market.provenance.pages
import market.provenance.routes
import market.provenance.scrapi_routes
import market.provenance.tasks
import market.registry.pages
import market.registry.routes
import market.shelf.asset_pages
import market.shelf.pages
import market.shelf.reference_pages
import market.shelf.routes
import market.shelf.studio_pages
import market.shelf.tasks
import market.zones.pages
import market.zones.routes
from market.config import Settings
from market.kit import housekeeping, logs, middleware, openapi, problems, site
from market.kit.guards import refuse_unguarded
from market.kit.jobs import Handler, Worker
from market.kit.ports import Ports
from market.kit.ratelimit import RateLimits

# Every door, from the lowest slice to the highest.
ROUTERS = (
    site.router,
    market.provenance.file_routes.files,
    market.provenance.file_routes.verifier,
    market.provenance.routes.router,
    market.provenance.index_routes.files,
    market.provenance.index_routes.router,
    market.provenance.scrapi_routes.router,
    market.provenance.pages.router,
    market.provenance.explorer_pages.router,
    market.accounts.routes.router,
    market.accounts.key_routes.router,
    market.accounts.pages.router,
    market.accounts.organisation_pages.router,
    market.accounts.key_pages.router,
    market.zones.routes.router,
    market.catalog.routes.router,
    market.catalog.pages.router,
    market.catalog.upload_pages.router,
    market.registry.routes.router,
    market.registry.pages.router,
    market.registry.pages.codes,
    market.licensing.routes.router,
    market.licensing.entitlement_routes.router,
    market.licensing.pages.router,
    market.licensing.studio_pages.router,
    market.payments.routes.webhooks,
    market.payments.routes.router,
    market.payments.pages.router,
    market.orders.routes.router,
    market.orders.pages.router,
    market.delivery.routes.router,
    market.delivery.routes.tickets,
    market.delivery.pages.router,
    market.shelf.routes.router,
    market.shelf.pages.router,
    market.shelf.asset_pages.router,
    market.shelf.reference_pages.router,
    market.shelf.studio_pages.router,
)
# What every page may need: makers of what `render` gives to each template.
PAGE_CONTEXT = (market.zones.pages.page_context, market.shelf.pages.page_context)
# Who listens to which topics: a lower slice wakes a higher one by a topic only.
TASKS = (
    housekeeping.handlers,
    market.provenance.tasks.handlers,
    market.catalog.tasks.handlers,
    market.orders.tasks.handlers,
    market.delivery.tasks.handlers,
    market.shelf.tasks.handlers,
)

# Handlers are synchronous and spend most of their time holding the interpreter: more threads only make them queue there.
HANDLER_THREADS = 8
MAX_BODY = 2 * 1024 * 1024
# An entry of the log has at most 64 KiB; what comes unsigned with it does not enter.
MAX_STATEMENT_BODY = 128 * 1024
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
    app.state.ports, app.state.worker = ports, worker
    app.state.rate_limits = RateLimits(enabled=settings.rate_limits)
    app.state.page_context = PAGE_CONTEXT
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    openapi.describe(app)
    refuse_unguarded(app)
    _wrap(app, settings)
    return app


def job_handlers(ports: Ports) -> dict[str, Handler]:
    """Every job topic with its handler."""
    handlers: dict[str, Handler] = {}
    for made_by in TASKS:
        for topic, handler in made_by(ports).items():
            if topic in handlers:
                raise RuntimeError(f"two slices handle the job topic {topic!r}")
            handlers[topic] = handler
    return handlers


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
            "/entries": MAX_STATEMENT_BODY,
            "/api/v1/uploads": MAX_UPLOAD_PART,
            "/zh/studio/uploads": MAX_UPLOAD_PART,
            "/en/studio/uploads": MAX_UPLOAD_PART,
        },
    )
    app.add_middleware(middleware.HeadAsGet, metered=("/rows",))
    app.add_middleware(middleware.Unforeseen, answer=problems.answer_unexpected)
    app.add_middleware(middleware.HostGuard, allowed=settings.hosts)
    app.add_middleware(logs.RequestLog)
    pay_origins = [settings.stripe.pay_origin] if settings.stripe else []
    app.add_middleware(middleware.SecurityHeaders, https=settings.https, form_actions=pay_origins)
