"""Heads without lesions, as the three planes show them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.phantom.canvas import Canvas, Plane
from brainlens.datasets.phantom.patient import Patient
from brainlens.datasets.phantom.tissue import folded, foliated


@dataclass(frozen=True)
class Anatomy:
    """What lesions need to know of a head that was painted.

    Attributes
    ----------
    brain
        Weight of the room inside the skull.
    depth
        Distance below the inner table of the skull, in head coordinates; negative outside.
    centre, half
        Centre and half axes of the brain.
    sella
        Where the pituitary gland lies.
    """

    brain: Plane
    depth: Plane
    centre: tuple[float, float]
    half: tuple[float, float]
    sella: tuple[float, float]


@dataclass(frozen=True)
class Noise:
    """Coarse noise of one slice: polar for the folds, in picture coordinates for the texture."""

    gyri: NDArray[np.float32]
    texture: NDArray[np.float32]


def paint_head(canvas: Canvas, patient: Patient, level: float, noise: Noise) -> Anatomy:
    """Paint the head that ``patient`` shows at ``level`` (0 to 1)."""
    return _PAINTERS[patient.view](canvas, patient, level, noise)


def _vault(
    canvas: Canvas, patient: Patient, centre: tuple[float, float], half: tuple[float, float]
) -> Plane:
    """Paint scalp, skull and the fluid inside; returns the depth below the inner table."""
    tissue = patient.tissues
    outward = (canvas.radius(*centre, *half) - 1) * np.float32(min(half))
    thick = np.float32(0.055 * patient.rim)
    for edge, value in (
        (2.3, 0.75 * tissue.fat),  # skin
        (2.05, tissue.fat),
        (1.25, tissue.bone),
        (0.89, 0.5 * tissue.fat),  # marrow
        (0.55, tissue.bone),
        (0.12, 0.6 * tissue.vessel),  # dura
        (0.0, tissue.fluid),
    ):
        canvas.paint(canvas.inside(outward - thick * np.float32(edge)), value)
    return -outward


def _cerebrum(
    canvas: Canvas,
    patient: Patient,
    depth: Plane,
    centre: tuple[float, float],
    noise: Noise,
) -> Plane:
    shallow = depth - np.float32(0.022)
    weight = canvas.inside(-shallow)
    value = folded(
        canvas,
        patient.tissues,
        centre=centre,
        depth=shallow,
        gyri=noise.gyri,
        texture=noise.texture,
    )
    canvas.paint(weight, value)
    return weight


def _midline(canvas: Canvas, patient: Patient, weight: Plane, top: float, bottom: float) -> None:
    """Paint the fissure between the hemispheres, with the falx in it."""
    along = canvas.inside(np.maximum(np.float32(top) - canvas.v, canvas.v - np.float32(bottom)))
    across = np.abs(canvas.u)
    canvas.paint(weight * along * canvas.inside(across - np.float32(0.014)), patient.tissues.fluid)
    falx = canvas.inside(across - np.float32(0.005)) * along * weight
    canvas.paint(falx * np.float32(0.6), 0.6 * patient.tissues.vessel)


def _axial(canvas: Canvas, patient: Patient, level: float, noise: Noise) -> Anatomy:
    tissue = patient.tissues
    shrink = 1 - 0.35 * max(0.0, level - 0.6) ** 1.2
    half = (0.62 * patient.width * shrink, 0.76 * shrink)
    centre = (0.0, 0.02)
    if level < 0.2:  # the face before the skull
        canvas.blob(0.0, -0.62, 0.42, 0.26, tissue.muscle)
    depth = _vault(canvas, patient, centre, half)
    brain = _cerebrum(canvas, patient, depth, centre, noise)
    if level < 0.35:
        _axial_base(canvas, patient, level, brain)
    else:
        _midline(canvas, patient, brain, -1.0, 1.0 if level > 0.7 else -0.26)
        if level <= 0.7:
            _axial_middle(canvas, patient, brain)
            _midline(canvas, patient, brain, 0.34, 1.0)
    canvas.blob(0.0, centre[1] + half[1] - 0.02, 0.045, 0.03, tissue.vessel)  # sagittal sinus
    return Anatomy(canvas.inside(-depth), depth, centre, half, (0.0, -0.16))


def _axial_middle(canvas: Canvas, patient: Patient, brain: Plane) -> None:
    tissue, wide = patient.tissues, patient.ventricles
    canvas.pair(0.24, -0.02, 0.055, 0.15, tissue.grey, angle=0.2, within=brain)  # putamen
    canvas.pair(0.1, 0.07, 0.075, 0.1, tissue.grey * 1.05, angle=-0.3, within=brain)  # thalamus
    canvas.pair(0.1, -0.17, 0.035 * wide, 0.13, tissue.fluid, angle=0.35, within=brain)
    canvas.pair(0.19, 0.28, 0.032 * wide, 0.14, tissue.fluid, angle=-0.4, within=brain)
    canvas.pair(0.17, 0.24, 0.016, 0.04, tissue.vessel, angle=-0.4, within=brain)  # choroid plexus
    canvas.blob(0.0, 0.06, 0.012 * wide, 0.09, tissue.fluid, within=brain)
    canvas.pair(0.44, -0.05, 0.13, 0.014, tissue.fluid, angle=-0.25, within=brain)  # Sylvian


def _axial_base(canvas: Canvas, patient: Patient, level: float, brain: Plane) -> None:
    tissue = patient.tissues
    canvas.pair(0.36, 0.22, 0.2, 0.045, tissue.bone, angle=-0.5, within=brain)  # petrous bones
    canvas.blob(0.0, 0.45, 0.4, 0.25, tissue.fluid, within=brain)
    canvas.blob(0.0, 0.46, 0.38, 0.235, foliated(canvas, tissue, 0.0, 0.3), within=brain)
    canvas.blob(0.0, 0.1, 0.19, 0.17, tissue.fluid, within=brain)
    canvas.blob(0.0, 0.12, 0.135, 0.12, tissue.white, within=brain)  # brain stem
    canvas.blob(0.0, 0.25, 0.035 * patient.ventricles, 0.025, tissue.fluid, within=brain)
    canvas.blob(0.0, -0.14, 0.16, 0.1, tissue.fluid, within=brain)  # cistern around the sella
    canvas.blob(0.0, -0.16, 0.05, 0.035, 0.9 * tissue.vessel, within=brain)
    canvas.pair(0.13, -0.14, 0.022, 0.022, tissue.vessel, within=brain)  # carotid arteries
    canvas.blob(0.0, 0.0, 0.018, 0.018, tissue.vessel, within=brain)  # basilar artery
    if level < 0.2:
        canvas.pair(0.24, -0.56, 0.15, 0.16, tissue.fat)
        canvas.pair(0.25, -0.62, 0.105, 0.105, tissue.fluid)  # eyes
        canvas.blob(0.0, -0.52, 0.07, 0.15, tissue.bone)  # ethmoid cells


def _coronal(canvas: Canvas, patient: Patient, level: float, noise: Noise) -> Anatomy:
    tissue, wide = patient.tissues, patient.ventricles
    shrink = 1 - 0.5 * (level - 0.5) ** 2
    half = (0.62 * patient.width * shrink, 0.58 * shrink)
    centre = (0.0, -0.18)
    _coronal_neck(canvas, patient)
    depth = _vault(canvas, patient, centre, half)
    brain = _cerebrum(canvas, patient, depth, centre, noise)
    behind = level > 0.62
    if behind:
        canvas.blob(0.0, 0.22, 0.44, 0.24, tissue.fluid)
        canvas.blob(0.0, 0.24, 0.42, 0.22, foliated(canvas, tissue, 0.0, 0.1))
        for side in (-1, 1):  # tentorium
            canvas.blob(side * 0.2, 0.06, 0.24, 0.009, 0.7 * tissue.vessel, angle=side * 0.28)
    else:
        canvas.blob(0.0, 0.38, 0.17, 0.16, tissue.bone)  # sphenoid
        canvas.pair(0.36, 0.27, 0.14, 0.1, tissue.fluid)
        canvas.pair(0.34, 0.2, 0.17, 0.14, tissue.grey)  # temporal lobes
        canvas.pair(0.34, 0.19, 0.1, 0.08, tissue.white)
        canvas.pair(0.42, 0.04, 0.15, 0.016, tissue.fluid, angle=0.25, within=brain)
        canvas.blob(0.0, 0.22, 0.19, 0.06, tissue.fluid)  # cistern
        canvas.blob(0.0, 0.245, 0.065, 0.03, 0.9 * tissue.vessel)  # gland
        canvas.pair(0.12, 0.25, 0.03, 0.03, tissue.vessel)  # carotid arteries
    canvas.pair(0.2, 0.0, 0.06, 0.09, tissue.grey, angle=0.3, within=brain)
    canvas.pair(0.085, -0.13, 0.04 * wide, 0.095, tissue.fluid, angle=-0.6, within=brain)
    canvas.blob(0.0, 0.03, 0.013 * wide, 0.08, tissue.fluid, within=brain)
    _midline(canvas, patient, brain, -1.0, -0.25)
    canvas.blob(0.0, centre[1] - half[1] + 0.02, 0.04, 0.03, tissue.vessel)
    return Anatomy(canvas.inside(-depth), depth, centre, half, (0.0, 0.22))


def _coronal_neck(canvas: Canvas, patient: Patient) -> None:
    tissue = patient.tissues
    canvas.blob(0.0, 0.58, 0.55, 0.6, tissue.fat)
    canvas.blob(0.0, 0.6, 0.5, 0.58, 0.8 * tissue.muscle)
    canvas.pair(0.34, 0.58, 0.1, 0.3, tissue.muscle * 1.2, angle=0.2)  # masseters
    canvas.pair(0.22, 0.62, 0.03, 0.26, 0.6 * tissue.fat, angle=0.2)  # fat between muscles
    canvas.pair(0.25, 0.72, 0.035, 0.2, tissue.bone, angle=0.1)  # jaw
    canvas.blob(0.0, 0.66, 0.12, 0.11, tissue.muscle * 1.4)  # tongue
    canvas.blob(0.0, 0.5, 0.06, 0.05, 0.02)  # airway
    canvas.pair(0.09, 0.86, 0.05, 0.08, 0.5 * tissue.fat)


def _sagittal(canvas: Canvas, patient: Patient, level: float, noise: Noise) -> Anatomy:
    tissue, wide = patient.tissues, patient.ventricles
    half = (0.72 * (1 - 0.12 * level), 0.56 * patient.width * (1 - 0.1 * level))
    centre = (0.06, -0.2)
    _sagittal_face(canvas, patient)
    depth = _vault(canvas, patient, centre, half)
    brain = _cerebrum(canvas, patient, depth, (0.02, 0.1), noise)
    # The floor of the skull rises towards the front.
    floor = np.float32(0.12) + np.float32(0.18) * canvas.u - canvas.v
    below = canvas.inside(floor) * canvas.inside(np.float32(0.2) * (canvas.u - np.float32(0.3)))
    canvas.paint(below * brain, tissue.bone * 1.5)
    canvas.paint(below * canvas.inside(floor + np.float32(0.05)) * brain, 0.8 * tissue.muscle)
    canvas.blob(0.42, 0.2, 0.26, 0.18, tissue.fluid, within=brain)
    canvas.blob(0.42, 0.21, 0.24, 0.165, foliated(canvas, tissue, 0.26, 0.2))
    if level < 0.5:
        arch = np.abs(canvas.radius(0.07, -0.08, 0.29, 0.19) - 1) * np.float32(0.19)
        upper = canvas.inside(canvas.v + np.float32(0.06))
        canvas.blob(0.07, -0.11, 0.25, 0.12 * wide, tissue.fluid, within=upper * brain)
        canvas.paint(canvas.inside(arch - np.float32(0.03)) * upper, tissue.white * 1.12)
        canvas.blob(0.1, -0.04, 0.12, 0.075, tissue.grey, within=brain)  # thalamus
        canvas.blob(0.14, 0.17, 0.13, 0.2, tissue.fluid, angle=-0.25)
        canvas.blob(0.15, 0.12, 0.075, 0.16, tissue.white, angle=-0.25)  # midbrain and pons
        canvas.blob(0.22, 0.44, 0.05, 0.28, tissue.white * 0.95, angle=-0.12)  # medulla, cord
        canvas.blob(0.26, 0.2, 0.03 * wide, 0.05, tissue.fluid)  # fourth ventricle
        canvas.blob(-0.01, 0.3, 0.035, 0.16, 0.8 * tissue.fat, angle=-0.35)  # clivus
    else:
        canvas.pair(0.0, -0.06, 0.3, 0.016, tissue.fluid, angle=0.3, within=brain)
        canvas.blob(0.12, -0.06, 0.16, 0.05 * wide, tissue.fluid, angle=0.2, within=brain)
    canvas.blob(-0.12, 0.13, 0.1, 0.05, tissue.fluid)
    canvas.blob(-0.12, 0.16, 0.05, 0.03, 0.9 * tissue.vessel)  # gland in the sella
    canvas.blob(-0.22, 0.25, 0.1, 0.065, tissue.bone)  # sphenoid sinus
    return Anatomy(canvas.inside(-depth), depth, centre, half, (-0.12, 0.14))


def _sagittal_face(canvas: Canvas, patient: Patient) -> None:
    tissue = patient.tissues
    canvas.blob(-0.3, 0.46, 0.42, 0.5, tissue.fat)
    canvas.blob(-0.72, 0.32, 0.09, 0.13, tissue.fat, angle=-0.5)  # nose
    canvas.blob(0.22, 0.78, 0.34, 0.5, tissue.fat)
    canvas.blob(0.22, 0.8, 0.3, 0.5, tissue.muscle)
    canvas.blob(-0.28, 0.5, 0.34, 0.44, tissue.muscle)
    canvas.blob(-0.42, 0.4, 0.2, 0.07, tissue.bone, angle=0.1)  # nasal cavity
    canvas.blob(-0.36, 0.66, 0.2, 0.1, tissue.muscle * 1.4)  # tongue
    canvas.blob(-0.06, 0.7, 0.04, 0.24, 0.02)  # airway
    for i in range(4):  # vertebrae
        canvas.blob(0.13 + 0.015 * i, 0.56 + 0.13 * i, 0.055, 0.05, 0.6 * tissue.fat)


_PAINTERS: Final = {"axial": _axial, "coronal": _coronal, "sagittal": _sagittal}
