"""Any slice of an endless phantom set, by its number."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.phantom.canvas import MAX_WARP, Canvas, Plane, Pose, smooth_noise
from brainlens.datasets.phantom.lesions import paint_lesion
from brainlens.datasets.phantom.patient import Lesion, Patient, View
from brainlens.datasets.phantom.scanner import digitise, scan
from brainlens.datasets.phantom.views import Noise, paint_head

# Two patients share eleven slices, 3 + 8 to 8 + 3, so that a slice's patient is known at once.
PAIR_SLICES: Final = 11
"""Slices of two patients together."""
_FEWEST: Final = 3
_MOST: Final = 8
_LESIONS: Final[tuple[Lesion, ...]] = ("ring", "dural", "sellar")
_WARP: Final = 0.022
_ROUGH_CELLS: Final = 14


@dataclass(frozen=True)
class PhantomSlice:
    """One phantom slice.

    Attributes
    ----------
    image
        ``uint8`` or ``uint16``, shape [size, size].
    mask
        ``bool``, shape [size, size]: the lesion, oedema not included.
    patient
        Number of the patient, from 0.
    """

    image: NDArray[np.uint8] | NDArray[np.uint16]
    mask: NDArray[np.bool_]
    lesion: Lesion
    view: View
    patient: int


@dataclass(frozen=True)
class PhantomSet:
    """An endless set of phantom slices; each depends on seed and number alone.

    Patients have 3 to 8 slices, all in one plane, which share head, texture and lesion. The kinds
    of lesion take turns from patient to patient.

    Parameters
    ----------
    seed
        Another seed, another set.
    size
        Width and height in pixels.
    no_lesion
        Whether every fourth patient has no lesion.
    bits
        8 or 16 a pixel.
    """

    seed: int
    size: int = 256
    no_lesion: bool = False
    bits: Literal[8, 16] = 8

    @property
    def lesions(self) -> tuple[Lesion, ...]:
        """The kinds of lesion in the set."""
        return (*_LESIONS, "none") if self.no_lesion else _LESIONS

    def patient_of(self, index: int) -> tuple[int, float]:
        """Return the number of a slice's patient and its place in the stack, from -1 to 1."""
        pair, place = divmod(index, PAIR_SLICES)
        first = int(np.random.default_rng([self.seed, 0, pair]).integers(_FEWEST, _MOST + 1))
        if place < first:
            return 2 * pair, 2 * (place + 0.5) / first - 1
        rest = PAIR_SLICES - first
        return 2 * pair + 1, 2 * (place - first + 0.5) / rest - 1

    def lesion_of(self, patient: int) -> Lesion:
        """Return the kind of lesion that a patient has."""
        return self.lesions[patient % len(self.lesions)]

    def slice(self, index: int) -> PhantomSlice:
        """Paint the slice of that number, from 0."""
        number, place = self.patient_of(index)
        patient = _patient(self.seed, number, self.lesion_of(number))
        rng = np.random.default_rng([self.seed, 2, index])
        mix = (place + 1) / 2
        pose = Pose(
            shift=(float(rng.normal(0, 0.02)), float(rng.normal(0, 0.02))),
            scale=patient.size * float(rng.uniform(0.97, 1.03)),
            tilt=float(rng.normal(0, 0.06)),
        )
        canvas = Canvas(self.size, pose, _warp(_between(patient.warp, mix), self.size))
        noise = Noise(_between(patient.gyri, mix)[0], _between(patient.texture, mix)[0])
        level = float(np.clip(patient.level + 0.06 * place, 0, 1))
        anatomy = paint_head(canvas, patient, level, noise)
        rough = rng.standard_normal((_ROUGH_CELLS, _ROUGH_CELLS), dtype=np.float32)
        weight = paint_lesion(
            canvas,
            anatomy,
            patient,
            share=float(np.sqrt(1 - (0.8 * place) ** 2)),
            roughness=smooth_noise(rough, self.size),
        )
        image = digitise(scan(canvas.image, rng), self.bits)
        return PhantomSlice(image, weight > 0.5, patient.lesion, patient.view, number)


@lru_cache(maxsize=16)
def _patient(seed: int, number: int, lesion: Lesion) -> Patient:
    return Patient.draw(np.random.default_rng([seed, 1, number]), lesion)


def _warp(coarse: NDArray[np.float32], size: int) -> tuple[Plane, Plane]:
    u, v = np.clip(coarse * np.float32(_WARP), -0.7 * MAX_WARP, 0.7 * MAX_WARP)
    return smooth_noise(u, size), smooth_noise(v, size)


def _between(ends: NDArray[np.float32], mix: float) -> NDArray[np.float32]:
    mixed: NDArray[np.float32] = ends[0] * np.float32(1 - mix) + ends[1] * np.float32(mix)
    return mixed
