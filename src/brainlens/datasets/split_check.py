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
    shared_near_copies
        The pairs of pixel hashes on several sides that an audit found to be copies, sorted.
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
    shared_near_copies: tuple[tuple[str, str], ...] = ()


def check_split(manifest: Manifest, progress: Progress | None = None) -> SplitCheck:
    """Look for patients, groups and copies on several sides of a split.

    Rows with an empty split take no part. Missing hashes are computed first, so that exact copies
    are always found; near copies are where the manifest knows of some, from an audit.

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
    near_copies = manifest.near_copies.across(rows)
    shared = set(groups)
    n_ambiguous = sum((row.group or row.patient) in shared for row in rows)
    status: SplitStatus = "clean"
    if patients or same_bytes or same_pixels or near_copies:
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
        shared_near_copies=near_copies,
        sentence=_sentence(
            status,
            sizes=sizes,
            patients=len(patients),
            # Identical bytes are identical pixels: said once.
            copies=len(same_pixels),
            near_copies=len(near_copies),
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
    near_copies: int,
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
    if near_copies:
        found.append(_count(near_copies, "pair") + " of near copies")
    are = "is" if len(found) == 1 and (patients == 1 or near_copies == 1) else "are"
    return f"Leaky split: {_listed(found)} {are} {where}."


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
