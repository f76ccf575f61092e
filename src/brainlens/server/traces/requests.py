"""A span for each request, with one for each of its stages below it."""

from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from brainlens.server.request_log import UNMATCHED
from brainlens.server.stages import stages_of

_PARENT: Final = "traceparent"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: As the conventions of OpenTelemetry call a method that is none of the known ones.
_OTHER: Final = "_OTHER"


class TraceRequests:
    """ASGI middleware that tells a tracer of each request.

    A span holds the method, the route as the program spells it, the status and the request's
    identifier: never the path, the query, an address, a name or a hash of what was sent.

    Parameters
    ----------
    app
        The application within.
    tracer
        What makes the spans.
    """

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and tell of it when it is over."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else _OTHER
        span = self._tracer.start_span(method, self._parent(scope), SpanKind.SERVER)
        status: int | None = None

        async def sender(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sender)
        except Exception as error:
            # By its type: its message may quote what was sent.
            span.set_attribute("error.type", type(error).__name__)
            status = 500
            raise
        finally:
            self._finish(span, scope, method, status)

    def _parent(self, scope: Scope) -> Context:
        """Return the caller's own span, if it names one; nothing else that it sent goes on."""
        told = Headers(scope=scope).get(_PARENT)
        return self._propagator.extract({} if told is None else {_PARENT: told}, Context())

    def _finish(self, span: Span, scope: Scope, method: str, status: int | None) -> None:
        route = getattr(scope.get("route"), "path", UNMATCHED)
        span.update_name(f"{method} {route}")
        span.set_attribute("http.request.method", method)
        span.set_attribute("http.route", route)
        span.set_attribute("brainlens.request_id", scope["state"]["request_id"])
        if status is not None:
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                span.set_status(Status(StatusCode.ERROR))
        within = trace.set_span_in_context(span, Context())
        for stage in stages_of(scope):
            part = self._tracer.start_span(stage.name, within, start_time=stage.start_ns)
            part.end(stage.end_ns)
        span.end()
