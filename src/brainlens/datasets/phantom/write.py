"""A phantom set written to disk."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brainlens.classes import ClassInfo
from brainlens.datasets import splits
from brainlens.datasets.croissant import write_croissant
from brainlens.datasets.info import DatasetInfo
from brainlens.datasets.manifest import Manifest, Progress, Row
from brainlens.datasets.open import MANIFEST_FILE, open_dataset
from brainlens.datasets.phantom.generator import PAIR_SLICES, PhantomSet
from brainlens.datasets.phantom.patient import Lesion
from brainlens.datasets.workers import worker_threads
from brainlens.errors import UsageError
from brainlens.files import new_folder, sha256_bytes
from brainlens.imaging.pixel_hash import pixel_sha256
from brainlens.imaging.slice import Slice

Layout = Literal["manifest", "folders"]

PHANTOM_CLASSES: Final[Mapping[Lesion, ClassInfo]] = {
    "ring": ClassInfo(
        id="glioma",
        display_name={"en": "Glioma", "fr": "Gliome"},
        aliases=("brain_glioma",),
    ),
    "dural": ClassInfo(
        id="meningioma",
        display_name={"en": "Meningioma", "fr": "Méningiome"},
        aliases=("brain_menin",),
    ),
    "sellar": ClassInfo(
        id="pituitary",
        display_name={"en": "Pituitary tumour", "fr": "Tumeur hypophysaire"},
        aliases=("brain_tumor",),
    ),
    "none": ClassInfo(
        id="no_tumour",
        display_name={"en": "No tumour", "fr": "Aucune tumeur"},
        role="no_lesion",
    ),
}
"""What each kind of phantom lesion imitates."""

_TEST_FRACTION: Final = 0.2
_SMALLEST, _LARGEST = 32, 1024


@dataclass(frozen=True)
class _File:
    """One image to be: its row, with a path relative to the root, and its content."""

    row: Row
    image: bytes
    mask: bytes | None


def write_phantoms(
    out: Path,
    slices: int,
    seed: int,
    *,
    size: int = 256,
    copies: int = 0,
    no_lesion: bool = False,
    layout: Layout = "manifest",
    class_names: Mapping[str, str] | None = None,
    bits: Literal[8, 16] = 8,
    progress: Progress | None = None,
) -> Manifest:
    """Write a synthetic set, split into train and test by whole patients.

    The same arguments give the same files, byte for byte with the same Pillow.

    Parameters
    ----------
    out
        The folder to make; may be there if it is empty.
    slices
        How many, copies not counted; at least 11 a class, which is two patients or more.
    seed
        Another seed, another set.
    size
        Width and height in pixels, 32 to 1024.
    copies
        Copies of training slices to plant in test under the names of other patients, so that the
        split leaks: the same bytes and the same pixels in other bytes take turns.
    no_lesion
        Whether every fourth patient has no lesion; their class has the role ``no_lesion``.
    layout
        ``manifest``: ``images/``, ``masks/`` and ``manifest.csv``. ``folders``:
        ``{train,test}/<class>/``, which has room neither for masks nor for patients.
    class_names
        Other names for classes, ``{id: name}``; the id becomes an alias.
    bits
        8 or 16 a pixel.
    progress
        Called with (done, total).

    Returns
    -------
    Manifest
        Of the folder as `open_dataset` opens it.

    Raises
    ------
    UsageError
        If ``out`` holds files already or an argument is out of range.
    """
    phantoms = PhantomSet(seed, size, no_lesion, bits)
    classes = _classes(phantoms, class_names or {})
    _check(out, slices, size, copies, len(classes))
    plan = _plan(phantoms, slices, classes, layout)
    planted = _plant(plan, copies, layout)
    total = slices + copies
    with new_folder(out, replace=out.exists()) as building, worker_threads() as pool:
        rows = []
        made = pool.map(lambda i: _paint(phantoms, i, plan[i], planted.get(i)), range(slices))
        for file in (file for files in made for file in files):
            rows.append(_store(building, file, masks=layout == "manifest"))
            if progress is not None:
                progress(len(rows), total)
        info = DatasetInfo(
            title="Synthetic heads",
            authors=("BrainLens phantom generator",),
            licence="CC0-1.0",
            attribution="Synthetic: drawn by the BrainLens phantom generator, of no patient.",
            synthetic=True,
            classes=tuple(classes.values()),
        )
        info.save(building)
        if layout == "manifest":
            rows.sort(key=lambda row: row.path)
            manifest = Manifest(building, tuple(rows), info)
            manifest.save(building / MANIFEST_FILE)
            write_croissant(manifest, building / MANIFEST_FILE)
    return open_dataset(out)


def _classes(phantoms: PhantomSet, names: Mapping[str, str]) -> dict[Lesion, ClassInfo]:
    known = {PHANTOM_CLASSES[lesion].id for lesion in phantoms.lesions}
    unknown = sorted(set(names) - known)
    if unknown:
        raise UsageError(
            f"No phantom class is called {', '.join(unknown)}.",
            hint=f"There are {', '.join(sorted(known))}.",
        )
    classes = {
        lesion: _renamed(PHANTOM_CLASSES[lesion], names.get(PHANTOM_CLASSES[lesion].id))
        for lesion in phantoms.lesions
    }
    ids = [c.id for c in classes.values()]
    # A name with a dot in front is a hidden folder, which is passed over when data are opened.
    sound = all(name and not name.startswith(".") and Path(name).name == name for name in ids)
    if not sound or len(set(ids)) != len(ids):
        raise UsageError(
            f"These cannot be names of class folders: {', '.join(ids)}.",
            hint="Give each class a name of its own, without slashes and without a dot in front.",
        )
    return classes


def _renamed(info: ClassInfo, name: str | None) -> ClassInfo:
    if name is None or name == info.id:
        return info
    return info.model_copy(update={"id": name, "aliases": (info.id,)})


def _check(out: Path, slices: int, size: int, copies: int, n_classes: int) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there already.", hint="Give a folder that is new or empty.")
    if slices < PAIR_SLICES * n_classes:
        raise UsageError(
            f"{slices} slices are too few for {n_classes} classes.",
            hint=f"Ask for {PAIR_SLICES * n_classes} at least.",
        )
    if not _SMALLEST <= size <= _LARGEST:
        raise UsageError(f"The size must be {_SMALLEST} to {_LARGEST} pixels, not {size}.")
    # Fewer than this are certain to be in train.
    if not 0 <= copies <= slices // 2:
        raise UsageError(f"The number of copies must be 0 to {slices // 2}, not {copies}.")


def _plan(
    phantoms: PhantomSet, slices: int, classes: Mapping[Lesion, ClassInfo], layout: Layout
) -> list[Row]:
    """Return the rows of all slices, paths relative to the root, split by whole patients."""
    rows = []
    for i in range(slices):
        patient, _ = phantoms.patient_of(i)
        label = classes[phantoms.lesion_of(patient)].id
        rows.append(Row(Path(_name(i)), label, _pseudonym(patient), synthetic=True))
    manifest = Manifest(Path(), tuple(rows))
    done = splits.split(manifest, test_fraction=_TEST_FRACTION, val_fraction=0, seed=phantoms.seed)
    return [_placed(row, layout) for row in done.rows]


def _plant(plan: list[Row], copies: int, layout: Layout) -> dict[int, Row]:
    """Return for some training slices the row of their copy."""
    train = [i for i, row in enumerate(plan) if row.split == "train"]
    chosen = [train[k * len(train) // copies] for k in range(copies)]
    patients = len({row.patient for row in plan})
    return {
        i: _placed(
            replace(
                plan[i],
                path=Path(_name(len(plan) + k)),
                patient=_pseudonym(patients + k),
                split="test",
            ),
            layout,
        )
        for k, i in enumerate(chosen)
    }


def _name(index: int) -> str:
    return f"{index + 1:06d}.png"


def _pseudonym(patient: int) -> str:
    return f"phantom-{patient + 1:04d}"


def _placed(row: Row, layout: Layout) -> Row:
    folder = Path("images") if layout == "manifest" else Path(row.split) / row.label
    return replace(row, path=folder / row.path.name)


def _paint(phantoms: PhantomSet, index: int, row: Row, copy: Row | None) -> list[_File]:
    """Paint one slice, and its copy where one is planted."""
    phantom = phantoms.slice(index)
    sha = pixel_sha256(Slice(phantom.image, "png"))
    mask = None
    if phantom.mask.any():
        mask = _png(phantom.mask.astype(np.uint8) * np.uint8(255), compress_level=6)
    data = _png(phantom.image, compress_level=6)
    files = [_File(replace(row, sha256=sha256_bytes(data), pixel_sha256=sha), data, mask)]
    if copy is not None:
        if int(copy.path.stem) % 2:
            data = _png(phantom.image, compress_level=1)
        copy = replace(copy, sha256=sha256_bytes(data), pixel_sha256=sha)
        files.append(_File(copy, data, mask))
    return files


def _png(pixels: NDArray[Any], *, compress_level: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=compress_level)
    return buffer.getvalue()


def _store(root: Path, file: _File, *, masks: bool) -> Row:
    """Write one image and its mask; returns its row with paths that lead there."""
    # The folder appears whole in the end, so these files need not be written atomically.
    path = root / file.row.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.image)
    mask = None
    if masks and file.mask is not None:
        mask = root / "masks" / file.row.path.name
        mask.parent.mkdir(exist_ok=True)
        mask.write_bytes(file.mask)
    return replace(file.row, path=path, mask=mask)
