"""The traits that all slices of one phantom patient share."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Lesion = Literal["ring", "dural", "sellar", "none"]
View = Literal["axial", "coronal", "sagittal"]

VIEWS: Final[tuple[View, ...]] = ("axial", "coronal", "sagittal")
_WARP_CELLS: Final = 5
_TEXTURE_CELLS: Final = 20
_GYRI: Final = (6, 44)


@dataclass(frozen=True)
class Tissues:
    """Grey values of tissues in a contrast-enhanced T1-weighted slice, 0 black to 1 bright."""

    fat: float
    bone: float
    fluid: float
    grey: float
    white: float
    muscle: float
    vessel: float


@dataclass(frozen=True)
class LesionTraits:
    """Where a lesion is and what it looks like.

    Attributes
    ----------
    angle, depth
        Where in the brain: direction from the centre in radians, and distance from the centre as
        a share of the way to the skull.
    radius
        Half the extent, in head coordinates.
    elongation
        Long by short axis.
    brightness
        How bright the enhancement is.
    thickness
        Of the ring, as a share of the radius.
    core
        Grey value of a ring's core, or of a cyst.
    oedema
        Extent of the dark surroundings, as a share of the radius.
    irregularity
        Of the outline.
    """

    angle: float
    depth: float
    radius: float
    elongation: float
    orientation: float
    brightness: float
    thickness: float
    core: float
    oedema: float
    irregularity: float


@dataclass(frozen=True)
class Patient:
    """One phantom patient.

    Attributes
    ----------
    level
        Which part of the head the slices show: 0 base or front, 1 vertex or back.
    size, width
        Of the head: scale, and width by height.
    ventricles
        Width of the ventricles, 1 on average.
    rim
        Thickness of scalp and skull together, 1 on average.
    warp, texture, gyri
        Coarse noise at both ends of the stack of slices, so that neighbours look alike.
    """

    lesion: Lesion
    view: View
    level: float
    size: float
    width: float
    ventricles: float
    rim: float
    tissues: Tissues
    traits: LesionTraits
    warp: NDArray[np.float32]
    texture: NDArray[np.float32]
    gyri: NDArray[np.float32]

    @classmethod
    def draw(cls, rng: np.random.Generator, lesion: Lesion) -> "Patient":
        """Draw a patient with that kind of lesion."""
        view = VIEWS[int(rng.integers(len(VIEWS)))]
        level = float(rng.uniform(0, 1))
        if lesion == "sellar":
            # The sella lies at the base, and in the middle of the other views.
            level = {"axial": 0.25 * level, "coronal": 0.3 + 0.25 * level, "sagittal": 0.3 * level}[
                view
            ]
        white = float(rng.uniform(0.54, 0.66))
        return cls(
            lesion=lesion,
            view=view,
            level=level,
            size=float(rng.uniform(0.98, 1.18)),
            width=float(rng.uniform(0.94, 1.08)),
            ventricles=float(rng.uniform(0.7, 1.5)),
            rim=float(rng.uniform(0.8, 1.2)),
            tissues=Tissues(
                fat=float(rng.uniform(0.7, 1.0)),
                bone=float(rng.uniform(0.05, 0.12)),
                fluid=float(rng.uniform(0.12, 0.2)),
                grey=white * float(rng.uniform(0.66, 0.78)),
                white=white,
                muscle=float(rng.uniform(0.3, 0.45)),
                vessel=float(rng.uniform(0.75, 1.0)),
            ),
            traits=_draw_traits(rng, lesion),
            warp=_coarse(rng, 2, _WARP_CELLS, _WARP_CELLS),
            texture=_coarse(rng, 1, _TEXTURE_CELLS, _TEXTURE_CELLS),
            gyri=_coarse(rng, 1, *_GYRI),
        )


def _coarse(
    rng: np.random.Generator, channels: int, rows: int, columns: int
) -> NDArray[np.float32]:
    """Return noise [2, channels, rows, columns]: the two ends of a stack, not far apart."""
    first = rng.standard_normal((channels, rows, columns), dtype=np.float32)
    other = rng.standard_normal((channels, rows, columns), dtype=np.float32)
    return np.stack([first, np.float32(0.7) * first + np.float32(0.7) * other])


def _draw_traits(rng: np.random.Generator, lesion: Lesion) -> LesionTraits:
    largest = 0.17 if lesion == "sellar" else 0.27
    return LesionTraits(
        angle=float(rng.uniform(-np.pi, np.pi)),
        depth=float(rng.uniform(0.25, 0.8)),
        radius=float(rng.uniform(0.09, largest)),
        elongation=float(rng.uniform(1.0, 1.5)),
        orientation=float(rng.uniform(0, np.pi)),
        brightness=float(rng.uniform(0.76, 1.05)),
        thickness=float(rng.uniform(0.18, 0.5)),
        core=float(rng.uniform(0.18, 0.4)),
        oedema=float(rng.uniform(0.2, 1.2)),
        irregularity=float(rng.uniform(0.12, 0.4)),
    )
