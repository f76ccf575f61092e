"""The Cheng set in small: archives of MATLAB files on a server with the paths of figshare."""

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import h5py
import numpy as np
from numpy.typing import NDArray

from brainlens.datasets.cheng import ChengFacts
from brainlens.datasets.fetch.cheng import Expected
from brainlens.datasets.fetch.lesion_facts import LesionFacts

from .file_server import FileServer

HEIGHT, WIDTH = 30, 40
LISTING = "articles/1512427/versions/5"
# Label, patient and fold of slices 1 to 6.
SLICES = (
    (1, "100", 1),
    (2, "MR1A", 1),
    (2, "MR1B", 2),
    (3, "101", 2),
    (1, "102", 2),
    (3, "103", 1),
)
FIRST, SECOND = range(1, 4), range(4, 7)
_HALF = LesionFacts(2 * 60 / 1200, 0.05, 0.05, 0.05, (10 + 4.5) / WIDTH, (5 + 2.5) / HEIGHT)
EXPECTED = Expected(
    ChengFacts(
        slices_by_class={"meningioma": 2, "glioma": 2, "pituitary": 2},
        slices_by_fold={1: 3, 2: 3},
        patients=6,
        groups=5,
    ),
    dict.fromkeys(("meningioma", "glioma", "pituitary"), _HALF),
)
"""The mask of each slice is 10 wide and 6 high, its left upper corner at (10, 5)."""


def image_of(number: int, *, lowest: int = 3) -> NDArray[np.int16]:
    """Return the pixels [height, width] of a slice: they tell rows from columns."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.asarray(lowest + 400 * rows + columns + number, dtype=np.int16)


def mask_of() -> NDArray[np.uint8]:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[5:11, 10:20] = 1
    return mask


def matlab_slice(
    image: NDArray[np.generic],
    mask: NDArray[np.generic],
    label: float = 1,
    pid: str = "100",
    *,
    leave_out: Sequence[str] = (),
) -> bytes:
    """Return an ``N.mat`` as MATLAB writes it: columns first, behind a header of 512 bytes."""
    fields: dict[str, NDArray[np.generic]] = {
        "image": image.T,
        "tumorMask": mask.T,
        "label": np.array([[label]], np.float64),
        "PID": np.array([[ord(letter)] for letter in pid], np.uint16),
        "tumorBorder": np.array([[10.0, 5.0, 20.0, 5.0]]),
    }
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", userblock_size=512) as file:
        struct = file.create_group("cjdata")
        for name, values in fields.items():
            if name not in leave_out:
                struct.create_dataset(name, data=values)
    content = bytearray(buffer.getvalue())
    header = b"MATLAB 7.3 MAT-file"
    content[: len(header)] = header
    return bytes(content)


def folds_file(folds: Sequence[float]) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("cvind", data=np.array([folds], np.float64))
    return buffer.getvalue()


def archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return buffer.getvalue()


def members(numbers: Sequence[int]) -> dict[str, bytes]:
    found = {"readme.txt": b"not a slice"}
    for number in numbers:
        label, pid, _ = SLICES[number - 1]
        lowest = -5 if number == 2 else 3
        found[f"data/{number}.mat"] = matlab_slice(
            image_of(number, lowest=lowest), mask_of(), label, pid
        )
    return found


@dataclass(frozen=True)
class Originals:
    """The files of the article, by name."""

    files: dict[str, bytes]

    def put_on(self, server: FileServer) -> None:
        """Lay the listing and the files out as figshare does."""
        listing = []
        for number, (name, content) in enumerate(self.files.items(), start=1):
            md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
            listing.append({"id": number, "name": name, "size": len(content), "computed_md5": md5})
            server.moved[f"file/download/{number}"] = f"storage/{name}"
            server.files[f"storage/{name}"] = content
        article = {"id": 1512427, "version": 5, "files": listing}
        server.files[LISTING] = json.dumps(article).encode()


def originals() -> Originals:
    """Return two archives of three slices each, the folds, and a file that does not matter."""
    return Originals(
        {
            "first_1-3.zip": archive(members(FIRST)),
            "second_4-6.zip": archive(members(SECOND)),
            "cvind.mat": folds_file([fold for *_, fold in SLICES]),
            "README.txt": b"read me",
        }
    )
