"""Lesions of three kinds, laid into a head."""

from collections.abc import Callable
from typing import Final

import numpy as np

from brainlens.datasets.phantom.canvas import Canvas, Plane
from brainlens.datasets.phantom.patient import Lesion, Patient
from brainlens.datasets.phantom.views import Anatomy


def paint_lesion(
    canvas: Canvas, anatomy: Anatomy, patient: Patient, *, share: float, roughness: Plane
) -> Plane:
    """Paint the patient's lesion.

    Parameters
    ----------
    share
        How much of the full radius the slice cuts, in (0, 1].
    roughness
        Noise of unit size that makes outlines and interiors uneven.

    Returns
    -------
    Plane
        Weight of the lesion, oedema not included; all 0 where there is none.
    """
    return _PAINTERS[patient.lesion](canvas, anatomy, patient, share, roughness)


def _nothing(
    canvas: Canvas, anatomy: Anatomy, patient: Patient, share: float, roughness: Plane
) -> Plane:
    return np.zeros_like(canvas.image)


def _in_brain(anatomy: Anatomy, angle: float, depth: float) -> tuple[float, float]:
    return (
        anatomy.centre[0] + anatomy.half[0] * depth * float(np.cos(angle)),
        anatomy.centre[1] + anatomy.half[1] * depth * float(np.sin(angle)),
    )


def _ring(
    canvas: Canvas, anatomy: Anatomy, patient: Patient, share: float, roughness: Plane
) -> Plane:
    """Paint an intra-axial lesion: an uneven bright ring, a dark core, oedema around."""
    traits, tissue = patient.traits, patient.tissues
    # In the brain and never in face or neck: the lower half of the side view is not all brain.
    angle = -abs(traits.angle) if patient.view != "axial" else traits.angle
    u, v = _in_brain(anatomy, angle, min(traits.depth, 0.75))
    radius = traits.radius * share
    long, short = radius * traits.elongation**0.5, radius / traits.elongation**0.5
    rough = canvas.radius(u, v, long, short, traits.orientation) + np.float32(
        traits.irregularity
    ) * roughness * np.float32(0.6)
    inner = anatomy.brain * canvas.inside(np.float32(0.02) - anatomy.depth)
    oedema = np.clip(1.3 + traits.oedema - rough * 0.9, 0, 1) * inner
    canvas.paint(oedema * np.float32(0.75), 0.72 * tissue.grey)
    weight = canvas.inside((rough - 1) * np.float32(radius)) * inner
    bright = np.float32(traits.brightness) * (1 + np.float32(0.1) * roughness)
    canvas.paint(weight, bright)
    hollow = (rough - 1 + np.float32(traits.thickness) * (1 + np.float32(0.45) * roughness)) * (
        np.float32(radius)
    )
    canvas.paint(
        canvas.inside(hollow) * weight, np.float32(traits.core) + np.float32(0.04) * roughness
    )
    return weight


def _dural(
    canvas: Canvas, anatomy: Anatomy, patient: Patient, share: float, roughness: Plane
) -> Plane:
    """Paint an extra-axial lesion: even, smooth, with a broad base on the skull or the falx."""
    traits = patient.traits
    radius = traits.radius * share
    upper = -abs(traits.angle) if patient.view != "axial" else traits.angle
    u, v = _in_brain(anatomy, upper, 0.97 - 0.55 * radius)
    # Longer along the skull than into the brain.
    normal = float(
        np.arctan2(
            (v - anatomy.centre[1]) / anatomy.half[1] ** 2,
            (u - anatomy.centre[0]) / anatomy.half[0] ** 2,
        )
    )
    outline = (
        canvas.radius(u, v, radius * 0.85, radius * 1.2, normal)
        + np.float32(0.12 * traits.irregularity) * roughness
    )
    cleft = canvas.inside((outline - np.float32(1.12)) * np.float32(radius)) * anatomy.brain
    canvas.paint(cleft * np.float32(0.7), patient.tissues.fluid)
    weight = canvas.inside((outline - 1) * np.float32(radius)) * anatomy.brain
    even = np.float32(traits.brightness * 0.92) * (1 + np.float32(0.025) * roughness)
    canvas.paint(weight, even)
    tail = canvas.inside(np.abs(anatomy.depth - np.float32(0.012)) - np.float32(0.012))
    near = canvas.inside((outline - np.float32(1.7)) * np.float32(radius))
    canvas.paint(tail * near, even)
    return weight


def _sellar(
    canvas: Canvas, anatomy: Anatomy, patient: Patient, share: float, roughness: Plane
) -> Plane:
    """Paint a lesion of the sella: round, in the midline, sometimes with a cyst or a waist."""
    traits = patient.traits
    radius = traits.radius * share
    u, v = anatomy.sella
    v -= 0.35 * radius
    # Grows upwards more than sideways.
    outline = (
        canvas.radius(u, v, radius * 0.95, radius * traits.elongation**0.5)
        + np.float32(0.16 * traits.irregularity) * roughness
    )
    if traits.elongation > 1.25 and patient.view != "axial":  # waist at the diaphragm
        above = canvas.radius(u, v - 0.75 * radius, radius * 0.75, radius * 0.7)
        outline = np.minimum(outline, above)
    weight = canvas.inside((outline - 1) * np.float32(radius))
    canvas.paint(weight, np.float32(traits.brightness * 0.85) * (1 + np.float32(0.05) * roughness))
    if traits.thickness > 0.42:
        cyst = canvas.inside((outline - np.float32(0.55)) * np.float32(radius))
        canvas.paint(cyst * np.float32(0.8), traits.core * 1.2)
    return weight


_PAINTERS: Final[dict[Lesion, Callable[[Canvas, Anatomy, Patient, float, Plane], Plane]]] = {
    "ring": _ring,
    "dural": _dural,
    "sellar": _sellar,
    "none": _nothing,
}
