"""What the outputs of a model mean: class ids in the model's order, and what is known of each."""

from collections.abc import Sequence
from pathlib import Path

from brainlens.bundle.load import load_bundle
from brainlens.bundle.shipped import shipped
from brainlens.classes import ClassInfo
from brainlens.datasets.info import DATASET_FILE, DatasetInfo
from brainlens.errors import DataError, UsageError


def find_classes(ids: Sequence[str], declared_in: Path | None = None) -> tuple[ClassInfo, ...]:
    """Return the classes of those ids, in that order.

    Parameters
    ----------
    ids
        At least two.
    declared_in
        Folder whose ``dataset.json`` declares classes, as beside a manifest; what it says of a
        class goes before what the shipped bundles say.

    Raises
    ------
    UsageError
        If ids are too few or come twice, or a class is neither declared nor one of a shipped
        bundle: it would have no name that people can read.
    DataError
        If there is no such file, or it is damaged.
    """
    if len(ids) < 2 or len(set(ids)) < len(ids) or not all(ids):
        raise UsageError(
            f"--classes {','.join(ids)} does not name two different classes or more.",
            hint="Name one for each output, in the model's order, with commas between.",
        )
    known = _known(declared_in)
    missing = [class_id for class_id in ids if class_id not in known]
    if missing:
        raise UsageError(
            f"Nothing is known of the class {missing[0]}; known: {', '.join(sorted(known))}.",
            hint=f"Declare it under classes in a {DATASET_FILE}, as beside a manifest, with id, "
            "display_name (en, fr), aliases and role, and give its folder: --declared-in DIR.",
        )
    return tuple(known[class_id] for class_id in ids)


def _known(declared_in: Path | None) -> dict[str, ClassInfo]:
    known = {c.id: c for path in shipped().values() for c in load_bundle(path).info.classes}
    if declared_in is None:
        return known
    if not (declared_in / DATASET_FILE).is_file():
        raise DataError(
            f"{declared_in} holds no {DATASET_FILE}.", hint="Give the folder that holds it."
        )
    return known | {c.id: c for c in DatasetInfo.load(declared_in).classes}
