"""The walk: every image of a folder sent to a service, several at a time."""

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from brainlens.classes import ClassInfo, TruthMap
from brainlens.errors import DataError, ServiceUnavailable, UsageError
from brainlens.outcomes import Outcome, Status
from brainlens.probe.client import NOT_AN_ANSWER, Client, Reply
from brainlens.probe.figures import figures
from brainlens.probe.folder import ImageFile, find_images, truth_of
from brainlens.probe.report import Latency, ProbeReport, ServedModel

Progress = Callable[[int, int], None]

_CLASSES = TypeAdapter(tuple[ClassInfo, ...])


def probe(
    folder: Path,
    url: str,
    *,
    threshold: float = 0.7,
    workers: int = 4,
    model: str | None = None,
    key: str | None = None,
    explicit_map: Mapping[str, str] | None = None,
    retries: int = 8,
    first_wait_s: float = 0.25,
    timeout_s: float = 60.0,
    progress: Progress | None = None,
) -> ProbeReport:
    """Send every image under ``folder`` to the service at ``url`` and report how it did.

    A damaged image, or a service that is busy or restarts midway, is counted and retried and
    never ends the walk.

    Parameters
    ----------
    folder
        Layout ``<class>/*`` or ``{train,test}/<class>/*`` at any depth; folders whose names mean
        no class of the model are reported and stay out of the figures.
    url
        Where the service answers.
    threshold
        Confidence in [0, 1] from which an answer counts as given; the service is not told.
    workers
        Images sent at the same time.
    model
        Name of the model asked for; the service's default one for None.
    key
        The API key to send, where the service asks for one.
    explicit_map
        Folder name → class id.
    retries, first_wait_s, timeout_s
        See `Client`.
    progress
        Called with (done, total).

    Raises
    ------
    ServiceUnavailable
        If no service answers at the start.
    DataError
        If the folder is none, or holds no image.
    UsageError
        If an option is out of range, or names a model or a class that the service does not have.
    """
    if not 0 <= threshold <= 1:
        raise UsageError(f"{threshold} is no threshold.", hint="Give a share, 0 to 1.")
    if workers < 1 or retries < 0:
        raise UsageError("Workers and retries must be 1 and 0 at least.", hint="Raise them.")
    found = find_images(Path(folder))
    client = Client(
        url,
        model=model,
        connections=workers,
        retries=retries,
        first_wait_s=first_wait_s,
        timeout_s=timeout_s,
        key=key,
    )
    with closing(client):
        served, classes = _choose_model(client.state(), model)
        truth = _truth_map(classes, explicit_map)
        walk = _Walk(truth, served)
        with closing(_send_all(client, found.images, workers)) as replies:
            for done, (image, reply) in enumerate(replies, start=1):
                walk.add(image, reply)
                if progress is not None:
                    progress(done, len(found.images))
    return walk.report(client.url, threshold, found.passed_over)


def _send_all(
    client: Client, images: Sequence[ImageFile], workers: int
) -> Generator[tuple[ImageFile, Reply], None, None]:
    """Yield (image, reply) in the order of the walk; an image is read only when it is sent."""
    executor = ThreadPoolExecutor(workers, thread_name_prefix="brainlens-probe")
    try:
        replies = executor.map(lambda image: client.send(image.path), images)
        yield from zip(images, replies, strict=True)
    finally:
        # An interrupted walk waits for what is on its way, not for all that was to come.
        executor.shutdown(cancel_futures=True)


class _Walk:
    """Gathers outcomes as replies come in."""

    def __init__(self, truth: TruthMap, served: ServedModel) -> None:
        self._truth = truth
        self._served = served
        self._unmatched: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._latencies_ms: list[float] = []
        self._repeats = 0
        self._changed = False
        self._outcomes: list[Outcome] = []
        self._counted: list[Outcome] = []

    def add(self, image: ImageFile, reply: Reply) -> None:
        """Take in what came of one image."""
        label, unmatched = truth_of(image, self._truth.find)
        outcome = self._outcome(image.name, label or "", reply)
        self._repeats += reply.repeats
        self._outcomes.append(outcome)
        if unmatched is None:
            self._counted.append(outcome)
        else:
            self._unmatched[unmatched] += 1
        if outcome.error:
            self._failed[outcome.error] += 1
        else:
            self._statuses[str(outcome.status)] += 1
            self._reasons.update(outcome.reasons)
            self._latencies_ms.append(reply.latency_ms)

    def _outcome(self, name: str, label: str, reply: Reply) -> Outcome:
        if reply.answer is None:
            return Outcome.failed(name, reply.error, label=label)
        try:
            outcome = Outcome.from_answer(name, reply.answer, label=label)
            answered_by = reply.answer["model"]["decision_sha256"]
        except (DataError, KeyError, TypeError):
            return Outcome.failed(name, NOT_AN_ANSWER, label=label)
        self._changed |= answered_by != self._served.decision_sha256
        return outcome if self._served.knows_seen else replace(outcome, seen_in_training=None)

    def report(self, url: str, threshold: float, passed_over: int) -> ProbeReport:
        """Return what was found."""
        class_ids = self._served.class_ids
        unseen = [o for o in self._counted if not o.seen_in_training]
        seen = sum(o.seen_in_training is True for o in self._outcomes)
        return ProbeReport(
            url=url,
            threshold=threshold,
            model=replace(self._served, changed=self._changed),
            sent=len(self._outcomes),
            failed=dict(sorted(self._failed.items())),
            statuses={status: self._statuses[status] for status in get_args(Status)},
            reasons=dict(sorted(self._reasons.items())),
            repeats=self._repeats,
            passed_over=passed_over,
            seen=seen if self._served.knows_seen else None,
            unmatched=dict(sorted(self._unmatched.items())),
            aliases=dict(sorted(self._truth.aliases_used)),
            figures=figures(self._counted, class_ids, threshold),
            figures_unseen=figures(unseen, class_ids, threshold) if seen else None,
            latency=Latency.of(self._latencies_ms),
            outcomes=tuple(self._outcomes),
        )


def _choose_model(
    state: Mapping[str, Any], wanted: str | None
) -> tuple[ServedModel, tuple[ClassInfo, ...]]:
    """Return the wanted model, or the default one, from what the service says of itself."""
    try:
        by_name = {m["name"]: m for m in state["models"]}
        name = wanted or next(m["name"] for m in state["models"] if m["default"])
        if name not in by_name:
            raise UsageError(
                f"The service has no model {name!r}.", hint=f"It has: {', '.join(by_name)}."
            )
        told = by_name[name]
        classes = _CLASSES.validate_python(told["classes"])
        served = ServedModel(
            name=name,
            version=told["version"],
            decision_sha256=told["decision_sha256"],
            synthetic=told["synthetic"],
            knows_seen=told["knows_seen"],
            class_ids=tuple(c.id for c in classes),
        )
    except (KeyError, TypeError, StopIteration, ValidationError) as error:
        raise ServiceUnavailable(
            "The service's state cannot be read.", hint="Use a probe of the service's version."
        ) from error
    return served, classes


def _truth_map(classes: tuple[ClassInfo, ...], explicit: Mapping[str, str] | None) -> TruthMap:
    try:
        return TruthMap(classes, explicit)
    except ValueError as error:
        raise UsageError(
            f"The map cannot be used: {error}.",
            hint=f"The model's classes are: {', '.join(c.id for c in classes)}.",
        ) from error
