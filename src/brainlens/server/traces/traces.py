"""The way of spans to a collector: gathered, sent in the background, dropped where it is away."""

import asyncio
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from brainlens import __version__

NAME: Final = "brainlens"
#: Seconds that a collector is given for what it is sent, repetitions included.
TIMEOUT_S: Final = 5.0


class Traces:
    """Makes spans and sends them.

    Parameters
    ----------
    endpoint
        URL of the collector's receiver of traces (OTLP over HTTP).
    ratio
        Share of the requests that are traced, in [0, 1]; a caller that is traced itself decides
        for its own requests.
    """

    def __init__(self, endpoint: str, ratio: float) -> None:
        resource = Resource.create({SERVICE_NAME: NAME, SERVICE_VERSION: __version__})
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(ratio)),
            resource=resource,
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(endpoint, timeout=TIMEOUT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self.tracer = self._provider.get_tracer(NAME, __version__)

    async def close(self) -> None:
        """Send what was gathered, as far as the collector takes it."""
        await asyncio.to_thread(self._provider.shutdown)
