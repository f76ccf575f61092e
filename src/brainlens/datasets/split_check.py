"""Whether a split keeps apart what must be kept apart."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from brainlens.datasets.fingerprint import with_hashes
from brainlens.datasets.manifest import SPLITS, Manifest, Progress, Row

SplitStatus = Literal["clean", "group-ambiguous", "leaky"]


@dataclass(frozen=True)
class SplitCheck:
    """What two or more of train, val and test have in common.

    Attributes
    ----------
    status
        ``clean``: nothing. ``group-ambiguous``: groups, yet no patient and no copy. ``leaky``: a
        patient or a copy.
    shared_patients, shared_groups
        The pseudonyms of those on several sides, sorted.
    shared_bytes, shared_pixels
        The hashes of files, and of decoded pixels, on several sides, sorted; whatever their
        labels.
    n_slices
        Slices that take part: those whose split is not empty.
    n_ambiguous_slices
        Slices of the shared groups.
    sentence
        All this in plain words.
    """

    status: SplitStatus
    shared_patients: tuple[str, ...]
    shared_groups: tuple[str, ...]
    shared_bytes: tuple[str, ...]
    shared_pixels: tuple[str, ...]
    n_slices: int
    n_ambiguous_slices: int
    sentence: str


def check_split(manifest: Manifest, progress: Progress | None = None) -> SplitCheck:
    """Look for patients, groups and copies on several sides of a split.

    Rows with an empty split take no part. Missing hashes are computed first, so that copies are
    always found.

    Parameters
    ----------
    progress
        Called with (done, total) while files are hashed.

    Raises
    ------
    DataError
        If an image that must be hashed cannot be read.
    """
    taking_part = manifest.with_rows(row for row in manifest.rows if row.split)
    rows = with_hashes(taking_part, progress).rows
    patients = _shared(rows, lambda row: row.patient)
    groups = _shared(rows, lambda row: row.group or row.patient)
    same_bytes = _shared(rows, lambda row: row.sha256)
    same_pixels = _shared(rows, lambda row: row.pixel_sha256)
    shared = set(groups)
    n_ambiguous = sum((row.group or row.patient) in shared for row in rows)
    status: SplitStatus = "clean"
    if patients or same_bytes or same_pixels:
        status = "leaky"
    elif groups:
        status = "group-ambiguous"
    sizes = Counter(row.split for row in rows)
    return SplitCheck(
        status=status,
        shared_patients=patients,
        shared_groups=groups,
        shared_bytes=same_bytes,
        shared_pixels=same_pixels,
        n_slices=len(rows),
        n_ambiguous_slices=n_ambiguous,
        sentence=_sentence(
            status,
            sizes=sizes,
            patients=len(patients),
            # Identical bytes are identical pixels: said once.
            copies=len(same_pixels),
            groups=len(groups),
            n_ambiguous=n_ambiguous,
        ),
    )


def _shared(rows: Sequence[Row], of: Callable[[Row], str]) -> tuple[str, ...]:
    sides: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if value := of(row):
            sides[value].add(row.split)
    return tuple(sorted(value for value, splits in sides.items() if len(splits) > 1))


def _sentence(
    status: SplitStatus,
    *,
    sizes: Counter[str],
    patients: int,
    copies: int,
    groups: int,
    n_ambiguous: int,
) -> str:
    total = sum(sizes.values())
    sides = ", ".join(f"{sizes[name]} {name}" for name in SPLITS if sizes[name])
    where = f"on several sides of the split ({sides})"
    if status == "clean":
        return f"Clean split: no patient, group or copy of an image is {where}."
    if status == "group-ambiguous":
        return (
            f"Group-ambiguous split: {_count(groups, 'group')} with {n_ambiguous} of the {total} "
            f"slices may hold one patient {where}; no patient and no copy of an image is known "
            "to be."
        )
    found = [_count(patients, "patient")] if patients else []
    if copies:
        found.append(f"copies of {_count(copies, 'image')}")
    are = "is" if (patients, copies) == (1, 0) else "are"
    return f"Leaky split: {' and '.join(found)} {are} {where}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
