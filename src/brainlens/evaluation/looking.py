"""Whether a model looks at the lesion: where masks exist, heat maps and painted slices."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.load import Bundle
from brainlens.datasets.audit.shown_path import shown_path
from brainlens.datasets.manifest import Manifest, Progress, Row
from brainlens.errors import DataError, ImageError, StorageError
from brainlens.evaluation.head import head_mask
from brainlens.evaluation.known_slices import known_slices, n_patients, units
from brainlens.evaluation.lesion_mask import read_lesion_mask
from brainlens.evaluation.localisation import Located, localisation, locate
from brainlens.evaluation.painting import WHOLE, Painting, Reading, paint, painting
from brainlens.evaluation.ratio import Ratio
from brainlens.evaluation.slice_file import read_slice
from brainlens.evaluation.slice_rng import slice_rng
from brainlens.inference.ordered import map_in_order
from brainlens.inference.predictor import Predictor

#: Selections of slices whose localisation is given, before those of each true class.
SELECTIONS = ("all", "correct", "wrong")


@dataclass(frozen=True)
class Looking:
    """What a bundle looks at on the slices of one split that have a lesion mask.

    Attributes
    ----------
    model, decision_sha256
        Name and version, and decision hash, of the bundle that was measured.
    class_ids
        The bundle's classes in its order.
    split, protocol
        Which slices, and how they were set apart from the training.
    n_slices, n_patients
        Slices that were looked at, and their patients, None where one is unknown.
    n_without_mask
        Slices in no figure: no mask, or an empty one.
    n_rejected
        Slices that the model rejected: they have no heat map, so no localisation.
    n_silent
        Slices whose heat map is zero all over: a miss in the pointing game, and no energy.
    grid
        (rows, columns) of the heat maps: how finely the network can tell places apart; None where
        every slice was rejected.
    failures
        (path, reason) of slices in no figure because they or their masks could not be used.
    localisation
        Selection → figure → value, of the map of the predicted class: what a reader is shown.
        Selections are `SELECTIONS`, then the true classes; figures are
        `brainlens.evaluation.localisation.FIGURES`.
    painting
        Figures of painted slices.
    lesion_grid
        (rows, columns) of the lesion maps; None where the network has none.
    lesion_localisation
        As ``localisation``, of the lesion map; empty where the network has none.
    """

    model: str
    decision_sha256: str
    class_ids: tuple[str, ...]
    split: str
    protocol: str
    n_slices: int
    n_patients: int | None
    n_without_mask: int
    n_rejected: int
    n_silent: int
    grid: tuple[int, int] | None
    failures: tuple[tuple[str, str], ...]
    localisation: Mapping[str, Mapping[str, Ratio]]
    painting: Painting
    lesion_grid: tuple[int, int] | None = None
    lesion_localisation: Mapping[str, Mapping[str, Ratio]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {
            "schema": 1,
            "model": self.model,
            "decision_sha256": self.decision_sha256,
            "classes": list(self.class_ids),
            "split": self.split,
            "protocol": self.protocol,
            "n_slices": self.n_slices,
            "n_patients": self.n_patients,
            "n_without_mask": self.n_without_mask,
            "n_rejected": self.n_rejected,
            "n_silent": self.n_silent,
            "grid": None if self.grid is None else list(self.grid),
            "failures": [{"path": path, "reason": reason} for path, reason in self.failures],
            "localisation": _plain(self.localisation),
            "lesion_grid": None if self.lesion_grid is None else list(self.lesion_grid),
            "lesion_localisation": _plain(self.lesion_localisation),
            "painting": self.painting.to_dict(),
        }


def _plain(
    localisation: Mapping[str, Mapping[str, Ratio]],
) -> dict[str, dict[str, dict[str, Any]]]:
    return {
        selection: {name: ratio.to_dict() for name, ratio in figures.items()}
        for selection, figures in localisation.items()
    }


def look(
    bundle: Bundle,
    manifest: Manifest,
    split: str = "test",
    progress: Progress | None = None,
    *,
    explicit_map: Mapping[str, str] | None = None,
    workers: int | None = None,
) -> Looking:
    """Find out whether a bundle looks at the lesions of one split.

    Parameters
    ----------
    bundle
        The bundle, as it ships.
    manifest
        The data set; only slices with a mask take part.
    split
        ``train``, ``val`` or ``test``; a manifest without splits is ``test``.
    progress
        Called with (done, total).
    explicit_map
        Label → class id.
    workers
        Slices looked at at the same time; default the number of cores.

    Raises
    ------
    DataError
        If no slice has both a mask and a label that means one of the classes, or none can be used.
    UsageError
        If ``explicit_map`` names a class that the bundle does not have.
    """
    known = known_slices(bundle, manifest, split, explicit_map)
    drawn = [
        (row, row.mask, class_id)
        for row, class_id in zip(known.rows, known.truth, strict=True)
        if row.mask is not None
    ]
    if not drawn:
        raise DataError(
            f"No slice of the split {split} has a lesion mask.",
            hint="Fill the manifest's column mask, or leave this part out.",
        )
    predictor = Predictor(bundle, threads=1)
    todo = map_in_order(lambda one: _look(predictor, *one), drawn, workers or os.cpu_count() or 1)
    looks = []
    for look_ in todo:
        looks.append(look_)
        if progress is not None:
            progress(len(looks), len(drawn))
    failures = [
        (shown_path(row.path, manifest.root), one.failure)
        for (row, _, _), one in zip(drawn, looks, strict=True)
        if one.failure
    ]
    used = [
        (row, class_id, one)
        for (row, _, class_id), one in zip(drawn, looks, strict=True)
        if one.failure is None
    ]
    if not used:
        raise DataError(
            f"None of the {len(drawn)} slices with a mask can be used.",
            hint=failures[0][1] if failures else "Their masks are all empty: check the files.",
        )
    rows, truth, good = zip(*used, strict=True)
    unit = units(rows)
    lesion_grid = next((one.lesion_grid for one in good if one.lesion_grid), None)
    heat, lesion = [one.located for one in good], [one.lesion_located for one in good]
    return Looking(
        model=f"{bundle.info.name} {bundle.info.version}",
        decision_sha256=bundle.info.decision_sha256,
        class_ids=tuple(c.id for c in bundle.info.classes),
        split=split,
        protocol=manifest.protocol,
        n_slices=len(used),
        n_patients=n_patients(rows),
        n_without_mask=len(known.rows) - len(used) - len(failures),
        n_rejected=sum(one.located is None for one in good),
        n_silent=sum(one.located is not None and math.isnan(one.located.energy) for one in good),
        grid=next((one.grid for one in good if one.grid), None),
        failures=tuple(failures),
        localisation=_localisations(heat, good, truth, unit, bundle),
        painting=painting(
            [one.readings for one in good], truth, unit, [c.id for c in bundle.info.classes]
        ),
        lesion_grid=lesion_grid,
        lesion_localisation=(
            _localisations(lesion, good, truth, unit, bundle) if lesion_grid else {}
        ),
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """One slice; ``located`` is None where it was rejected, ``readings`` where it has no control.

    ``failure`` says why there is nothing of it; it is empty for a slice whose mask is.
    """

    correct: bool = False
    located: Located | None = None
    readings: Mapping[str, Reading] | None = None
    grid: tuple[int, int] | None = None
    lesion_located: Located | None = None
    lesion_grid: tuple[int, int] | None = None
    failure: str | None = None


def _look(predictor: Predictor, row: Row, mask: Path, truth: str) -> _Look:
    try:
        slice_ = read_slice(row.path)
        lesion = read_lesion_mask(mask, slice_)
    except (ImageError, StorageError) as error:
        return _Look(failure=f"{error.code}: {error.message}")
    if not lesion.any():
        return _Look(failure="")
    answer, looked = predictor.look(slice_)
    head = head_mask(slice_.pixels)
    maps, outlined = ((), None) if looked is None else (looked.maps, looked.lesion)
    shown = next((m for m in maps if m.class_id == answer.predicted_class), None)
    readings = {WHOLE: Reading.of(answer, truth)}
    painted = paint(slice_, lesion, head, slice_rng(slice_, "painting"))
    for condition, picture in (painted or {}).items():
        readings[condition] = Reading.of(predictor.predict_slice(picture), truth)
    return _Look(
        correct=readings[WHOLE].correct,
        located=None if shown is None else locate(shown, lesion, head),
        readings=None if painted is None else readings,
        grid=None if shown is None else shown.grid,
        lesion_located=None if outlined is None else locate(outlined, lesion, head),
        lesion_grid=None if outlined is None else outlined.grid,
    )


def _localisations(
    found: Sequence[Located | None],
    looks: Sequence[_Look],
    truth: Sequence[str],
    unit: NDArray[np.int64],
    bundle: Bundle,
) -> dict[str, dict[str, Ratio]]:
    """Return the figures of each selection, of the slices that have a map."""
    at = np.array([i for i, one in enumerate(found) if one is not None], dtype=np.int64)
    located = [found[i] for i in at]
    correct = np.array([looks[i].correct for i in at], dtype=np.bool_)
    labels = np.array([truth[i] for i in at], dtype=np.str_)
    chosen = {"all": np.ones(len(at), dtype=np.bool_), "correct": correct, "wrong": ~correct}
    chosen |= {c.id: labels == c.id for c in bundle.info.classes}
    return {
        name: localisation(
            [one for one, k in zip(located, keep, strict=True) if one and k], unit[at[keep]]
        )
        for name, keep in chosen.items()
    }
