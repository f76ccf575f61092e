"""From a folder or a CSV to a manifest."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from brainlens.datasets.info import DATASET_FILE, DatasetInfo
from brainlens.datasets.known_copies import NEAR_COPIES_FILE, KnownCopies
from brainlens.datasets.manifest import Manifest, Row
from brainlens.errors import DataError
from brainlens.imaging.formats import READABLE, sniff

MANIFEST_FILE: Final = "manifest.csv"
_SPLIT_FOLDERS: Final = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
_OURS: Final = frozenset({DATASET_FILE, NEAR_COPIES_FILE})
_LITTER: Final = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_HEAD_BYTES: Final = 4096


def open_dataset(path: Path) -> Manifest:
    """Open a data set, whichever way its slices are laid out.

    ``ROOT/{train,test[,val]}/<class>/*``
        (also ``training``, ``valid``, ``validation``, ``testing``, in any case): the folders give
        split and label.
    ``ROOT/<class>/*``
        The folders give the label; splits are empty.
    ``ROOT/manifest.csv`` or a CSV file
        A manifest.

    Files are taken by their content, never by their extension; what is no image is listed in
    ``skipped``. Hidden files and the litter of file browsers are passed over. A ``dataset.json``
    and a ``near_copies.json`` in ROOT are read. The order of rows does not depend on the file
    system.

    Raises
    ------
    DataError
        If there is nothing at ``path``, or neither layout is found there, or no image, or fewer
        than two classes.
    ManifestError
        If the manifest breaks its schema.
    """
    if path.is_file():
        return Manifest.load(path)
    if not path.is_dir():
        raise DataError(f"There is nothing at {path}.", hint="Check the path.")
    if (path / MANIFEST_FILE).is_file():
        return Manifest.load(path / MANIFEST_FILE)
    return _open_folders(path.resolve())


def _open_folders(root: Path) -> Manifest:
    children = _visible(root)
    splits = [
        (_SPLIT_FOLDERS[child.name.lower()], child)
        for child in children
        if child.is_dir() and child.name.lower() in _SPLIT_FOLDERS
    ]
    rows: list[Row] = []
    skipped: list[Path] = []
    if splits:
        used = {folder for _, folder in splits}
        skipped += [c for c in children if c not in used and c.name not in _OURS]
        for split, folder in splits:
            _walk_classes(_visible(folder), split, rows, skipped)
    else:
        _walk_classes([c for c in children if c.name not in _OURS], "", rows, skipped)
    info = DatasetInfo.load(root)
    if info.synthetic:
        rows = [replace(row, synthetic=True) for row in rows]
    near_copies = KnownCopies.load(root)
    manifest = Manifest(root, tuple(rows), info, tuple(skipped), near_copies)
    if not rows:
        raise DataError(
            f"No image was found in folders of {root}.",
            hint="Wanted: ROOT/train/<class>/*, ROOT/test/<class>/*, or ROOT/<class>/*, "
            "or a manifest.",
        )
    if len(manifest.labels) < 2:
        raise DataError(
            f"One class only was found in {root}: {manifest.labels[0]}.",
            hint="Give each class a folder of its own: ROOT/train/<class>/* or ROOT/<class>/*.",
        )
    return manifest


def _walk_classes(children: list[Path], split: str, rows: list[Row], skipped: list[Path]) -> None:
    for folder in children:
        if not folder.is_dir():
            skipped.append(folder)
            continue
        for file in _visible(folder):
            if file.is_file() and _is_image(file):
                rows.append(Row(file, label=folder.name, split=split))
            else:
                skipped.append(file)


def _visible(folder: Path) -> list[Path]:
    def entries() -> Iterator[Path]:
        for entry in folder.iterdir():
            if not entry.name.startswith(".") and entry.name.lower() not in _LITTER:
                yield entry

    return sorted(entries())


def _is_image(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return sniff(stream.read(_HEAD_BYTES)) in READABLE
    except OSError:
        # Perhaps an image, perhaps not: who needs it is told when it is read.
        return True
