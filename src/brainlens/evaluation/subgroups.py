"""Parts of the slices that are measured apart: by the size of the lesion.

Two cuts of the same slices: thirds of the sizes that the data have, so that each group is large
enough to say something; and fixed sizes, so that two data sets can be compared. Sizes go with
classes (a pituitary tumour is small), so a group's accuracy depends on its classes too: read its
balanced accuracy beside it.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from brainlens.evaluation.lesion_size import LesionSizes

#: Fixed cuts: diameters in millimetres.
CUTS_MM: Final = (20.0, 30.0, 40.0)

#: Fixed cuts: shares of the image's area. In a field of view of 25 cm, discs of 20, 28 and 40 mm.
CUTS_SHARE: Final = (0.005, 0.01, 0.02)

_THIRDS: Final = ("smallest", "middle", "largest")


def by_lesion_size(sizes: LesionSizes) -> dict[str, NDArray[np.bool_]]:
    """Return the groups: name for people → which of n slices belong to it.

    Slices without a size are in none; a group without slices is left out. Thirds are of slices,
    and left out where all sizes are the same.
    """
    known = sizes.values[~np.isnan(sizes.values)]
    if not len(known):
        return {}
    groups = {}
    if known.min() < known.max():
        cuts = [float(cut) for cut in np.quantile(known, [1 / 3, 2 / 3])]
        of_thirds = zip(_THIRDS, _between(cuts), strict=True)
        groups = {
            f"{which} third of lesions ({_words(low, high, sizes.unit)})": (low, high)
            for which, (low, high) in of_thirds
        }
    fixed = CUTS_MM if sizes.unit == "mm" else CUTS_SHARE
    for low, high in _between(fixed):
        of = "" if np.isinf(low) else "of "
        groups[f"lesions {of}{_words(low, high, sizes.unit)}"] = (low, high)
    inside = {
        name: np.asarray((sizes.values >= low) & (sizes.values < high), dtype=np.bool_)
        for name, (low, high) in groups.items()
    }
    return {name: members for name, members in inside.items() if members.any()}


def _between(cuts: Sequence[float]) -> list[tuple[float, float]]:
    return list(pairwise([-np.inf, *cuts, np.inf]))


def _words(low: float, high: float, unit: str) -> str:
    """Return a half-open range in words; its lower bound belongs to it."""
    scale, measure = (1, "mm") if unit == "mm" else (100, "% of the image")
    if np.isinf(low):
        return f"below {scale * high:.3g} {measure}"
    if np.isinf(high):
        return f"{scale * low:.3g} {measure} or more"
    return f"{scale * low:.3g} to {scale * high:.3g} {measure}"
