"""Draw the synthetic slices that the page offers as examples; each time the same.

    python scripts/page_examples.py [FOLDER]

By default they go where the page takes them from.
"""

import io
import sys
from pathlib import Path
from typing import Final

from PIL import Image

from brainlens.datasets.phantom.generator import PhantomSet
from brainlens.files import write_bytes

FOLDER: Final = Path(__file__).parents[1] / "src/brainlens/server/page/examples"
#: Slices of the set: every kind of lesion, every plane, and one on which the demo model abstains.
SLICES: Final = (2, 10, 12, 52, 38, 31)
SEED: Final = 2026
SIZE: Final = 256


def main() -> None:
    """Draw them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    phantoms = PhantomSet(seed=SEED, size=SIZE)
    for number, index in enumerate(SLICES, start=1):
        picture = io.BytesIO()
        Image.fromarray(phantoms.slice(index).image).save(picture, "WEBP", quality=82, method=6)
        write_bytes(folder / f"example-{number}.webp", picture.getvalue())


if __name__ == "__main__":
    main()
