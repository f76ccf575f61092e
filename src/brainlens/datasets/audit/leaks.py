"""Whether slices that are scored were known from training."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from brainlens.datasets.audit.copy_sets import CopySet
from brainlens.datasets.known_copies import KnownCopies
from brainlens.datasets.manifest import Manifest, Row
from brainlens.datasets.split_check import SplitCheck, check_split

RANDOM_TEST_SHARE: Final = 0.2
"""Share of the test set that is imagined where there is no split yet."""

_EARLIER: Final = {"val": ("train",), "test": ("train", "val")}
"""What a model has seen, or was chosen by, before it is scored on a split."""


@dataclass(frozen=True)
class HeldOut:
    """A split that models are scored on.

    Attributes
    ----------
    split
        ``val`` or ``test``.
    n_slices
        Usable slices in it.
    n_copies
        Of those, slices with a copy among those a model learns from or is chosen by.
    n_patients
        Slices whose known patient is among those too.
    n_groups
        Slices whose known group is, though neither a copy nor their patient.
    n_neighbours
        Slices without a known patient or group whose pseudo-patient is, though no copy.
    n_leaked
        Slices of ``n_copies`` or ``n_patients``.
    """

    split: str
    n_slices: int
    n_copies: int
    n_patients: int
    n_groups: int
    n_neighbours: int
    n_leaked: int

    @property
    def n_known(self) -> int:
        """Slices that are not new: surely or probably."""
        return self.n_leaked + self.n_groups + self.n_neighbours


@dataclass(frozen=True)
class Leaks:
    """What the sides of a split have in common.

    Attributes
    ----------
    check
        The split check, near copies included; None where the data have no split.
    held_out
        The splits that models are scored on, ``val`` before ``test``.
    random_share
        Where there is no split: share of a test set drawn slice by slice at random that would
        have a copy or a slice of the same group in training.
    """

    check: SplitCheck | None
    held_out: tuple[HeldOut, ...]
    random_share: float | None

    @property
    def leaks(self) -> bool:
        """Whether the split leaks: surely, or by neighbouring slices of unknown patients."""
        certain = self.check is not None and self.check.status == "leaky"
        return certain or any(part.n_neighbours for part in self.held_out)


def find_leaks(
    manifest: Manifest,
    usable: Sequence[int],
    sets: Iterable[CopySet],
    near: KnownCopies,
    groups: Sequence[str],
) -> Leaks:
    """Look for what lies on several sides of a manifest's split.

    Parameters
    ----------
    manifest
        Rows with their hashes.
    usable
        Positions of the rows that can be trained on.
    sets
        Sets of copies.
    near
        The near copies.
    groups
        Name of each row's group, known or pseudo.
    """
    rows = manifest.rows
    if not any(rows[i].split for i in usable):
        return Leaks(None, (), _random_share([groups[i] for i in usable]))
    taking_part = Manifest(manifest.root, tuple(rows[i] for i in usable), near_copies=near)
    copied = _copied(rows, sets)
    parts = tuple(
        _held_out(rows, usable, split, copied[split], groups)
        for split in _EARLIER
        if any(rows[i].split == split for i in usable)
    )
    return Leaks(check_split(taking_part), parts, None)


def _copied(rows: Sequence[Row], sets: Iterable[CopySet]) -> dict[str, set[int]]:
    """Return for each held-out split its slices that have a copy earlier."""
    found: dict[str, set[int]] = {split: set() for split in _EARLIER}
    for s in sets:
        for split, earlier in _EARLIER.items():
            if split in s.splits and not set(earlier).isdisjoint(s.splits):
                found[split].update(i for i in s.rows if rows[i].split == split)
    return found


def _held_out(
    rows: Sequence[Row],
    usable: Sequence[int],
    split: str,
    copied: set[int],
    groups: Sequence[str],
) -> HeldOut:
    before = [i for i in usable if rows[i].split in _EARLIER[split]]
    here = [i for i in usable if rows[i].split == split]
    patients = {rows[i].patient for i in before} - {""}
    known = {rows[i].group or rows[i].patient for i in before} - {""}
    any_group = {groups[i] for i in before}
    by_patient = {i for i in here if rows[i].patient in patients}
    leaked = copied | by_patient
    rest = [i for i in here if i not in leaked]
    anonymous = [i for i in rest if not (rows[i].group or rows[i].patient)]
    return HeldOut(
        split=split,
        n_slices=len(here),
        n_copies=len(copied),
        n_patients=len(by_patient),
        n_groups=sum((rows[i].group or rows[i].patient) in known for i in rest),
        n_neighbours=sum(groups[i] in any_group for i in anonymous),
        n_leaked=len(leaked),
    )


def _random_share(groups: Sequence[str]) -> float:
    """Return the chance that a slice drawn for test leaves one of its group in training."""
    sizes: defaultdict[str, int] = defaultdict(int)
    for name in groups:
        sizes[name] += 1
    known = sum(size * (1 - RANDOM_TEST_SHARE ** (size - 1)) for size in sizes.values())
    return known / len(groups) if groups else 0.0
