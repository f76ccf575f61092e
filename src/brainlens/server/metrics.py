"""Figures about a running service, in a registry of its own, for Prometheus to fetch."""

from collections.abc import Iterable
from typing import Final, Protocol

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from brainlens.inference.answer import Answer
from brainlens.server.models import Models
from brainlens.server.pool import WorkerPool
from brainlens.server.rate_limits import RateLimits

_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_OTHER: Final = "other"
MEDIA_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4


class Watched(Protocol):
    """What of a service is looked at when its figures are asked for."""

    @property
    def models(self) -> Models:
        """The served models."""

    @property
    def pool(self) -> WorkerPool:
        """The threads and the queue before them."""

    @property
    def rate_limits(self) -> RateLimits:
        """The callers' buckets."""


class Metrics:
    """Counts what a service does.

    No label can take more values than there are routes, statuses, reasons and served models:
    nothing that a caller writes becomes one.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._requests = Counter(
            "brainlens_http_requests",
            "Requests answered; status 499: the client left first.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._durations = Histogram(
            "brainlens_http_request_duration_seconds",
            "Time from a request's head to the end of its answer.",
            ("method", "route"),
            registry=self._registry,
        )
        self._predictions = Counter(
            "brainlens_predictions",
            "Answers whose record was kept.",
            ("model", "status"),
            registry=self._registry,
        )
        self._reasons = Counter(
            "brainlens_prediction_reasons",
            "Reasons why answers were abstentions or rejections; an answer may have several.",
            ("model", "reason"),
            registry=self._registry,
        )
        self._stages = Histogram(
            "brainlens_prediction_duration_seconds",
            "Time that a stage of a prediction took in its thread; total: all of them.",
            ("model", "stage"),
            registry=self._registry,
        )
        self._loads = Counter(
            "brainlens_model_loads",
            "Bundles loaded while the service runs, and whether they came into use.",
            ("model", "outcome"),
            registry=self._registry,
        )
        self._refused = Counter(
            "brainlens_connections_refused",
            "Connections closed because there were too many.",
            registry=self._registry,
        )

    def watch(self, service: Watched) -> None:
        """Tell the present state of ``service`` too, from now on."""
        self._registry.register(_Now(service))

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that has been answered.

        Parameters
        ----------
        method
            As the caller wrote it.
        route
            The route's path as the program spells it.
        status
            Status of the answer.
        seconds
            Time it took.
        """
        method = method if method in _METHODS else _OTHER
        self._requests.labels(method, route, str(status)).inc()
        self._durations.labels(method, route).observe(seconds)

    def prediction(self, model: str, answer: Answer) -> None:
        """Count an answer of the model served under the name ``model``."""
        self._predictions.labels(model, answer.status).inc()
        for reason in answer.reasons:
            self._reasons.labels(model, reason).inc()
        for stage, milliseconds in answer.timings_ms.items():
            self._stages.labels(model, stage).observe(milliseconds / 1000)

    def model_loaded(self, model: str, *, used: bool) -> None:
        """Count a bundle that was loaded, or could not be, for the name ``model``."""
        self._loads.labels(model, "used" if used else "refused").inc()

    def connection_refused(self) -> None:
        """Count a connection that was closed because there were too many."""
        self._refused.inc()

    def exposition(self) -> bytes:
        """Return all figures in Prometheus's text format, of the type `MEDIA_TYPE`."""
        return generate_latest(self._registry)


class _Now(Collector):
    """What is so at the moment of asking."""

    def __init__(self, service: Watched) -> None:
        self._service = service

    def collect(self) -> Iterable[GaugeMetricFamily | InfoMetricFamily]:
        """Yield the figures."""
        pool = self._service.pool
        gauges = (
            ("places", "Requests that may be in the service at a time.", pool.capacity),
            ("places_taken", "Requests in the service: arriving, waiting, worked on.", pool.held),
            ("queue_length", "Requests that wait for a thread.", pool.waiting),
            ("workers", "Threads that decode and compute.", pool.workers),
            (
                "rate_limits_shared",
                "Whether callers are counted by all processes together (Redis answers).",
                float(self._service.rate_limits.shared),
            ),
        )
        for name, meaning, value in gauges:
            yield GaugeMetricFamily(f"brainlens_{name}", meaning, value)
        info = InfoMetricFamily(
            "brainlens_model",
            "The served models; decision_sha256 is what answers and records cite.",
            labels=("model",),
        )
        for model in self._service.models.by_name.values():
            bundle = model.info
            info.add_metric(
                (model.name,),
                {"version": bundle.version, "decision_sha256": bundle.decision_sha256},
            )
        yield info
