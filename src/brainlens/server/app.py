"""The application: routes, guards and what lives as long as it does."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from brainlens import __version__
from brainlens.server import api_document, problems
from brainlens.server.access import KEY_HEADER
from brainlens.server.metrics import Metrics
from brainlens.server.model_swap import ModelSwap
from brainlens.server.models import Models
from brainlens.server.oidc.open import open_tokens
from brainlens.server.origin import LOOPBACK_NAMES, OriginGuard
from brainlens.server.pool import WorkerPool
from brainlens.server.rate_limits import RateLimits
from brainlens.server.readiness import Readiness
from brainlens.server.records.head_log import HeadLog
from brainlens.server.request_log import RequestLog
from brainlens.server.routes import (
    admin,
    api,
    health,
    model,
    open_inference,
    page,
    predict,
    records,
    state,
)
from brainlens.server.routes import metrics as metrics_route
from brainlens.server.security_headers import SecurityHeaders
from brainlens.server.service import LOOKUPS, LOOKUPS_QUEUED, Service
from brainlens.server.settings import Settings
from brainlens.server.small_body import SmallBody
from brainlens.server.small_head import SmallHead
from brainlens.server.storage import Storage
from brainlens.server.traces.open import open_traces
from brainlens.server.unread_body import UnreadBody

if TYPE_CHECKING:
    from brainlens.server.traces.traces import Traces


def create_app(
    settings: Settings | None = None,
    models: Models | None = None,
    storage: Storage | None = None,
) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    settings
        Its settings; by default those of the environment.
    models
        Models loaded already; by default the bundles of the settings are loaded at start-up.
    storage
        What the installation keeps, open already, and closed with the application; by default
        opened at start-up.
    """
    chosen = settings or Settings()
    redis = chosen.redis_url.get_secret_value() if chosen.redis_url else None
    rate_limits = RateLimits(chosen.rate_limit, chosen.rate_burst, redis)
    tokens = open_tokens(chosen)
    traces = open_traces(chosen)
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            kept = storage or Storage.open(chosen)
            stack.callback(kept.close)
            loaded = models or Models.load(chosen, input_key=kept.secret.key("input"))
            writer = kept.writer()
            heads = HeadLog(writer, kept.codes.heads)
            await stack.enter_async_context(heads.every(chosen.head_interval))
            stack.callback(writer.close)
            pool = WorkerPool(chosen.workers, chosen.queue_length)
            stack.push_async_callback(pool.close)
            stack.push_async_callback(rate_limits.close)
            if tokens is not None:
                stack.push_async_callback(tokens.close)
            if traces is not None:
                stack.push_async_callback(traces.close)
            lookups = WorkerPool(LOOKUPS, LOOKUPS_QUEUED)
            stack.push_async_callback(lookups.close)
            swap = ModelSwap(chosen, loaded, metrics)
            service = Service(
                chosen, loaded, pool, kept, writer, rate_limits, metrics, swap, lookups, tokens
            )
            metrics.watch(service)
            app.state.service = service
            app.state.readiness = Readiness(service)
            yield

    app = FastAPI(
        title=api_document.TITLE,
        version=__version__,
        summary=api_document.SUMMARY,
        description=api_document.DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # An address that is nearly one of ours is none.
        redirect_slashes=False,
        # What FastAPI tells by itself, to whatever OpenTelemetry finds configured in the
        # environment, includes paths and the messages of errors: see docs/decisions/0022-traces.md.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
        middleware=_middleware(chosen, metrics, traces),
    )
    app.state.metrics = metrics
    problems.install(app)
    api_document.install(app)
    for room in (
        state,
        predict,
        records,
        model,
        open_inference,
        admin,
        health,
        metrics_route,
        api,
        page,
    ):
        app.include_router(room.router)
    return app


def _middleware(settings: Settings, metrics: Metrics, traces: "Traces | None") -> list[Middleware]:
    """Return the layers around the routes, outermost first."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    layers = [
        Middleware(SecurityHeaders, https=settings.tls_cert is not None),
        Middleware(UnreadBody),
        Middleware(RequestLog, on_answered=metrics.request),
        *_traced(traces),
        Middleware(SmallHead),
        Middleware(SmallBody, timeout=settings.request_timeout),
        # Believes nobody unless proxies are named.
        Middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies)),
        Middleware(
            OriginGuard,
            hosts=LOOPBACK_NAMES | {host} | set(settings.allowed_hosts),
            origins=settings.allowed_origins,
        ),
    ]
    if settings.allowed_origins:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.allowed_origins,
                allow_methods=("GET", "POST"),
                allow_headers=("Authorization", "Content-Type", KEY_HEADER),
                expose_headers=("X-Request-ID", "Retry-After"),
            )
        )
    return layers


def _traced(traces: "Traces | None") -> list[Middleware]:
    """Return the layer that tells a tracer of each request, where there is one."""
    if traces is None:
        return []
    from brainlens.server.traces.requests import TraceRequests

    return [Middleware(TraceRequests, tracer=traces.tracer)]
