"""What a bundle knows of the slices it was measured on: records are held against that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from brainlens.bundle.curves import Curves
from brainlens.bundle.load import Bundle, load_bundle
from brainlens.bundle.schema import GATES
from brainlens.bundle.tensors import read_tensors
from brainlens.inference.gates.distance import REFERENCE
from brainlens.inference.gates.features import DEPTHS


@dataclass(frozen=True, slots=True)
class Reference:
    """What was measured with a bundle; empty where the bundle does not carry it.

    Attributes
    ----------
    name, decision_sha256
        Which bundle.
    data, n_slices
        The slices its confidences and classes were measured on, in words, and how many.
    above
        Threshold → share of those that only the threshold could hold back whose confidence reaches
        it, ascending.
    answer_rate
        Share answered at the bundle's own threshold; None where it was not measured.
    classes
        Class → share of the predictions that named it.
    distances
        Quantiles at equal steps of the distances of the slices its gates were fitted on.
    """

    name: str
    decision_sha256: str
    data: str
    n_slices: int
    above: tuple[tuple[float, float], ...]
    answer_rate: float | None
    classes: Mapping[str, float]
    distances: tuple[float, ...]

    @classmethod
    def of(cls, bundle: Bundle) -> "Reference":
        """Return the reference of a bundle.

        Raises
        ------
        BundleInvalid
            If the gates' statistics are damaged.
        """
        info = bundle.info
        curves = _own_curves(info.curves, info.decision_sha256)
        tensors = read_tensors(bundle.read(GATES)) if GATES in bundle.names else {}
        names = [f"{depth}.{REFERENCE}" for depth in DEPTHS]
        kept = next((tensors[name] for name in names if name in tensors), ())
        return cls(
            name=info.name,
            decision_sha256=info.decision_sha256,
            data="" if curves is None else curves.data,
            n_slices=0 if curves is None else curves.n_slices,
            above=() if curves is None else _above(curves),
            answer_rate=None if curves is None else _rate(curves, info.thresholds.confidence),
            classes={} if curves is None else _classes(curves, [c.id for c in info.classes]),
            distances=tuple(float(value) for value in kept),
        )


def references(paths: Iterable[Path]) -> dict[str, Reference]:
    """Return decision hash → reference of the bundles at these paths.

    Raises
    ------
    BundleNotFound, BundleInvalid, StorageError
        If one cannot be loaded.
    """
    found = (Reference.of(load_bundle(path)) for path in paths)
    return {reference.decision_sha256: reference for reference in found}


def _own_curves(curves: Iterable[Curves], decision_sha256: str) -> Curves | None:
    """Return the curves that were measured with this very file, of test slices before others."""
    own = [one for one in curves if one.decision_sha256 == decision_sha256]
    return next((one for one in own if one.split == "test"), own[0] if own else None)


def _above(curves: Curves) -> tuple[tuple[float, float], ...]:
    """Return the shares, of the slices that a threshold of 0 answers."""
    rows = curves.risk
    if not rows or rows[0].threshold > 0 or rows[0].answer_rate <= 0:
        return ()
    return tuple((row.threshold, row.answer_rate / rows[0].answer_rate) for row in rows)


def _rate(curves: Curves, threshold: float) -> float | None:
    return next((row.answer_rate for row in curves.risk if row.threshold >= threshold), None)


def _classes(curves: Curves, ids: list[str]) -> dict[str, float]:
    columns = [sum(row[index] for row in curves.confusion) for index in range(len(ids))]
    total = sum(columns) if curves.confusion else 0
    return {} if total == 0 else {name: n / total for name, n in zip(ids, columns, strict=True)}
