"""The first lines: what was found, and what it does to an accuracy measured on the data."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from brainlens.datasets.audit.file_faults import KIND_NAMES, FaultKind
from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.leaks import HeldOut

Weight = Literal["bad", "doubt", "good", "note"]

_EXAMPLE: Final = 0.8
"""Accuracy on new images of the model that the effect of a leak is told by."""
_STRONG: Final = 0.3
"""Share of the way from chance to certainty from which a confound is grave."""


@dataclass(frozen=True)
class Line:
    """One finding in plain words.

    Attributes
    ----------
    weight
        ``bad``: figures measured on these data cannot be believed. ``doubt``: look at it.
        ``good``: looked for and not found. ``note``: neither.
    text
        One or two sentences.
    """

    weight: Weight
    text: str


def verdict(audit: Audit) -> tuple[Line, ...]:
    """Return the findings, the gravest kind first."""
    lines = [*_leaks(audit), *_contradictions(audit), *_copies(audit), *_confounds(audit)]
    lines += [*_faults(audit), *_seen(audit)]
    order: tuple[Weight, ...] = ("bad", "doubt", "note", "good")
    return tuple(sorted(lines, key=lambda line: order.index(line.weight)))


def counted(n: int, noun: str) -> str:
    """Return "1 image", "2,000 images", "2 copies"."""
    if n == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{n:,} {plural}"


def share(part: float, whole: float) -> str:
    """Return a share in per cent, never rounded to all or none."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "less than 0.1 %"
    if 99.9 < percent < 100:
        return "more than 99.9 %"
    digits = 1 if percent < 10 or 99 < percent < 100 else 0
    return f"{percent:.{digits}f} %"


def _leaks(audit: Audit) -> Iterator[Line]:
    leaks = audit.leaks
    if leaks.check is None:
        yield from _no_split(audit)
        return
    for part in leaks.held_out:
        yield from _held_out(part)
    if not leaks.held_out:
        yield Line("note", "No slice is held out: there is nothing here to measure a model on.")
    elif leaks.check.status == "clean" and not leaks.leaks:
        yield Line("good", f"Nothing leaks between the sides of the split. {leaks.check.sentence}")


def _no_split(audit: Audit) -> Iterator[Line]:
    random_share = audit.leaks.random_share or 0.0
    if random_share >= 0.01:
        yield Line(
            "doubt",
            f"There is no split yet. Were one drawn slice by slice, {share(random_share, 1)} of "
            "the test images would have a copy, or another slice of the same patient or "
            "pseudo-patient, in training, and the accuracy would be that of a memory. Split the "
            "manifest of this report by its groups.",
        )
    else:
        yield Line("good", "There is no split yet, and hardly two slices that must stay together.")


def _held_out(part: HeldOut) -> Iterator[Line]:
    name = {"val": "validation", "test": "test"}[part.split]
    if part.n_leaked:
        causes = [f"{part.n_copies:,} have a copy there"] if part.n_copies else []
        if part.n_patients:
            causes.append(f"{part.n_patients:,} show a patient who is there too")
        yield Line(
            "bad",
            f"{_of(part.n_leaked, part, name)} are not new to a model trained on the other side: "
            f"{' and '.join(causes)}. It may know them by heart, so an accuracy measured here is "
            f"too high: {_effect(part.n_leaked, part)}.",
        )
    if part.n_neighbours:
        yield Line(
            "bad",
            f"{_of(part.n_neighbours, part, name)} look like neighbouring slices of heads on the "
            "other side. Patients are not named here, so this is no proof; if it is so, an "
            f"accuracy measured here is too high: {_effect(part.n_known, part)}.",
        )
    if part.n_groups:
        yield Line(
            "doubt",
            f"{counted(part.n_groups, name + ' slice')} of {part.n_slices:,} "
            f"{'belongs to a group that is' if part.n_groups == 1 else 'belong to groups that are'}"
            " on the other side too and may hold one patient: give figures without them as well.",
        )


def _of(n: int, part: HeldOut, name: str) -> str:
    return f"{share(n, part.n_slices)} of the {name} images ({n:,} of {part.n_slices:,})"


def _effect(n_known: int, part: HeldOut) -> str:
    known = n_known / part.n_slices
    shown = _EXAMPLE + known * (1 - _EXAMPLE)
    return (
        f"a model that is right on {100 * _EXAMPLE:.0f} % of new images may show up to "
        f"{100 * shown:.3g} %"
    )


def _contradictions(audit: Audit) -> Iterator[Line]:
    if found := audit.contradictions:
        n = sum(len(s.rows) for s in found)
        scored = sum(audit.manifest.rows[i].split == "test" for s in found for i in s.rows)
        test = f", {scored:,} of them in test" if scored else ""
        yield Line(
            "bad",
            f"{counted(len(found), 'picture')} ({counted(n, 'file')}{test}) "
            f"{'is' if len(found) == 1 else 'are'} in several classes at once. Whatever a model "
            "answers, one of them counts it as wrong; and it is taught both.",
        )
    else:
        yield Line("good", "No picture has two labels.")


def _copies(audit: Audit) -> Iterator[Line]:
    if not audit.sets:
        yield Line("good", "No image is a copy of another.")
        return
    exact = sum(len(s.rows) - 1 for s in audit.exact)
    near = audit.n_redundant - exact
    parts = [f"{exact:,} exact"] if exact else []
    parts += [f"{near:,} changed (resized, compressed, turned, …)"] if near else []
    n = audit.n_redundant
    yield Line(
        "doubt",
        f"{counted(n, 'image')} of {len(audit.usable):,} ({share(n, len(audit.usable))}) "
        f"{'is a copy' if n == 1 else 'are copies'} of another: {', '.join(parts)}. The set is "
        "smaller than it looks, and copied pictures count more than once in any figure.",
    )


def _confounds(audit: Audit) -> Iterator[Line]:
    found = audit.confounds
    if found.score is None:
        yield Line(
            "note", f"Whether file facts give the class away was not measured: {found.reason}"
        )
        return
    value, (low, high) = found.score.balanced_accuracy, found.score.interval
    figures = (
        f"balanced accuracy {value:.2f} (95 % interval {low:.2f} to {high:.2f}; guessing "
        f"gives {found.chance:.2f})"
    )
    if not found.gives_away:
        yield Line("good", f"File facts alone do not give the class away: {figures}.")
        return
    strong = (value - found.chance) / (1 - found.chance) >= _STRONG
    best = found.facts[0]
    yield Line(
        "bad" if strong else "doubt",
        "A classifier that never saw a brain, only facts of the files and where the head begins "
        f"and ends, tells the classes apart: {figures}. The most telling fact is the {best.name} "
        f"({best.score.balanced_accuracy:.2f} by itself). A network may learn such things (format, "
        "scanner, plane) instead of the disease; its accuracy would then not hold on images from "
        "elsewhere.",
    )


def _faults(audit: Audit) -> Iterator[Line]:
    # Of several faults of one file the first that makes it unusable counts.
    unusable = {f.path: f.kind for f in reversed(audit.faults) if f.unusable}
    if unusable:
        named = _kinds(unusable.values())
        yield Line(
            "doubt",
            f"{counted(len(unusable), 'file')} cannot be used ({named}). They are in no figure "
            "here, and training would stop at them or learn nothing from them.",
        )
    odd = [f.kind for f in audit.faults if not f.unusable and f.kind != "passed_over"]
    if odd:
        yield Line("doubt", f"Files to look at before they are used: {_kinds(odd)}.")
    if not audit.faults:
        yield Line("good", "Every file can be read, and is what it says.")


def _kinds(kinds: Iterable[FaultKind]) -> str:
    counts = Counter(kinds)
    return ", ".join(f"{n:,} {KIND_NAMES[kind]}" for kind, n in counts.most_common())


def _seen(audit: Audit) -> Iterator[Line]:
    if not audit.bundle:
        return
    n = len(audit.seen)
    if not n:
        yield Line("good", f"The bundle {audit.bundle} was trained on none of these images.")
        return
    by_split = Counter(audit.manifest.rows[i].split or "no split" for i in audit.seen)
    where = ", ".join(f"{count:,} in {name}" for name, count in sorted(by_split.items()))
    yield Line(
        "note" if set(by_split) == {"train"} else "doubt",
        f"The bundle {audit.bundle} was trained on {counted(n, 'image')} of these, or on "
        f"look-alikes ({where}): what it scores on them says nothing of new ones.",
    )
