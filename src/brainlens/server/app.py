"""The application: routes, guards and what lives as long as it does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from brainlens import __version__
from brainlens.server import api_document, problems
from brainlens.server.models import Models
from brainlens.server.origin import LOOPBACK_NAMES, OriginGuard
from brainlens.server.pool import WorkerPool
from brainlens.server.request_log import RequestLog
from brainlens.server.routes import api, health, predict, state
from brainlens.server.security_headers import SecurityHeaders
from brainlens.server.service import Service
from brainlens.server.settings import Settings
from brainlens.server.unread_body import UnreadBody


def create_app(settings: Settings | None = None, models: Models | None = None) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    settings
        Its settings; by default those of the environment.
    models
        Models loaded already; by default the bundles of the settings are loaded at start-up.
    """
    chosen = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = WorkerPool(chosen.workers, chosen.queue_length)
        app.state.service = Service(chosen, models or Models.load(chosen), pool)
        try:
            yield
        finally:
            await pool.close()

    app = FastAPI(
        title=api_document.TITLE,
        version=__version__,
        summary=api_document.SUMMARY,
        description=api_document.DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        middleware=_middleware(chosen),
    )
    problems.install(app)
    api_document.install(app)
    for room in (state, predict, health, api):
        app.include_router(room.router)
    return app


def _middleware(settings: Settings) -> list[Middleware]:
    """Return the layers around the routes, outermost first."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    layers = [
        Middleware(SecurityHeaders),
        Middleware(UnreadBody),
        Middleware(RequestLog),
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
                allow_headers=("Content-Type",),
                expose_headers=("X-Request-ID", "Retry-After"),
            )
        )
    return layers
