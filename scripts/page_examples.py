"""Draw the synthetic slices that the page offers as examples, small and whole; always the same.

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
SLICES: Final = (2, 10, 12, 52, 42, 31)
SEED: Final = 2026
SIZE: Final = 256
#: As large as the first view shows them; the whole slice is fetched when it is chosen.
SMALL: Final = 144


def main() -> None:
    """Draw them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    phantoms = PhantomSet(seed=SEED, size=SIZE)
    for number, index in enumerate(SLICES, start=1):
        picture = Image.fromarray(phantoms.slice(index).image)
        _save(picture, folder / f"example-{number}.webp", quality=82)
        small = picture.resize((SMALL, SMALL), Image.Resampling.LANCZOS)
        _save(small, folder / f"small-{number}.webp", quality=60)


def _save(picture: Image.Image, path: Path, quality: int) -> None:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=6)
    write_bytes(path, buffer.getvalue())


if __name__ == "__main__":
    main()
