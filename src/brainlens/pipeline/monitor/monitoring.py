"""What the records of a stretch of time say, model by model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from brainlens.pipeline.monitor.agreement import Agreement
from brainlens.pipeline.monitor.drift import Drift, confidence_drift, distance_drift
from brainlens.pipeline.monitor.reference import Reference
from brainlens.pipeline.monitor.tally import Tally, tallies
from brainlens.server.moments import iso
from brainlens.server.records.store import Stored

STATUSES = ("answered", "abstained", "rejected")


@dataclass(frozen=True, slots=True)
class ModelMonitoring:
    """What the records of one model say.

    Attributes
    ----------
    decision_sha256
        Which model.
    tally
        Its records.
    reference
        What its bundle was measured on; None where no bundle of that hash is at hand.
    agreement
        Answers beside conclusions.
    confidence, distance
        How far they moved; None where there is too little, or no reference.
    """

    decision_sha256: str
    tally: Tally
    reference: Reference | None
    agreement: Agreement
    confidence: Drift | None
    distance: Drift | None

    @classmethod
    def of(
        cls, decision_sha256: str, tally: Tally, reference: Reference | None
    ) -> "ModelMonitoring":
        """Return what a tally says beside a reference."""
        drifts: tuple[Drift | None, Drift | None] = (None, None)
        if reference is not None:
            drifts = (
                confidence_drift(tally.confidences()[1], reference),
                distance_drift(tally.distances()[1], reference),
            )
        return cls(decision_sha256, tally, reference, Agreement.of(tally), *drifts)

    @property
    def title(self) -> str:
        """The names under which it was served, and the beginning of its hash."""
        return f"{', '.join(sorted(self.tally.names))} ({self.decision_sha256[:8]})"

    @property
    def answer_rate(self) -> float:
        """Share of its records that are answered."""
        return self.tally.count("answered") / self.tally.n

    def by_day(self) -> list[tuple[date, dict[str, int]]]:
        """Return the days with records, and how many of each status."""
        days = sorted({day for day, _ in self.tally.statuses})
        return [(_date(d), {s: self.tally.statuses[d, s] for s in STATUSES}) for d in days]

    def class_mix(self) -> dict[str, float]:
        """Return class → share of the answered."""
        total = self.tally.classes.total()
        return {name: n / total for name, n in sorted(self.tally.classes.items())}

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        reference = self.reference
        return {
            "decision_sha256": self.decision_sha256,
            "names": sorted(self.tally.names),
            "n_records": self.tally.n,
            "statuses": {status: self.tally.count(status) for status in STATUSES},
            "by_day": [{"day": day.isoformat(), **counts} for day, counts in self.by_day()],
            "reasons": dict(sorted(self.tally.reasons.items())),
            "answer_rate": self.answer_rate,
            "class_mix": self.class_mix(),
            "agreement": self.agreement.to_dict(),
            "reference": None
            if reference is None
            else {
                "data": reference.data,
                "n_slices": reference.n_slices,
                "answer_rate": reference.answer_rate,
                "class_mix": dict(reference.classes),
                "has_confidences": bool(reference.above),
                "has_distances": bool(reference.distances),
            },
            "drift": {
                "confidence": None if self.confidence is None else self.confidence.to_dict(),
                "distance": None if self.distance is None else self.distance.to_dict(),
            },
        }


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What the records since a moment say.

    Attributes
    ----------
    since_us, until_us
        The stretch of time, in microseconds since 1970, UTC.
    models
        By number of records, most first.
    """

    since_us: int
    until_us: int
    models: tuple[ModelMonitoring, ...]

    @property
    def n_records(self) -> int:
        """Records of all models."""
        return sum(model.tally.n for model in self.models)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "since": iso(self.since_us),
            "until": iso(self.until_us),
            "n_records": self.n_records,
            "models": [model.to_dict() for model in self.models],
        }


def monitor(
    records: Iterable[Stored], references: Mapping[str, Reference], *, since_us: int, until_us: int
) -> Monitoring:
    """Return what records say.

    Parameters
    ----------
    records
        Those of the stretch of time, for instance of `RecordStore.since`.
    references
        Decision hash → what that bundle was measured on.
    since_us, until_us
        The stretch of time.
    """
    found = tallies(records)
    models = [ModelMonitoring.of(hash_, t, references.get(hash_)) for hash_, t in found.items()]
    ordered = sorted(models, key=lambda model: (-model.tally.n, model.decision_sha256))
    return Monitoring(since_us, until_us, tuple(ordered))


def _date(day: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date()
