"""What is shown in tables: slices, files, confounds, a bundle's training images, next steps."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from brainlens.datasets.audit.confounds import Confounds, Score
from brainlens.datasets.audit.file_faults import KIND_NAMES, MEANINGS, FileFault
from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.report.pictures import Pictures, path_element
from brainlens.datasets.audit.training_manifest import REASONS
from brainlens.datasets.audit.verdict import counted
from brainlens.html.element import Html, Part, element, joined, table

_FILES: Final = 100
"""Training images of a bundle listed by name; all are in audit.json."""
_OF_A_KIND: Final = 20
"""Files listed of each kind: many of one must not hide the few of another."""
_PICTURED: Final = 4
"""Files shown of each kind."""
_SHOWN_KINDS: Final = frozenset({"colour", "constant", "tiny", "extension", "outside", "changed"})


def slices(audit: Audit) -> Html:
    """Return the table of slices by split and class."""
    counts = audit.manifest.counts()
    labels = [*audit.manifest.labels, *([""] if any("" in c for c in counts.values()) else [])]
    rows: list[tuple[Part, ...]] = [
        (
            split or "no split",
            *(f"{counts[split].get(label, 0):,}" for label in labels),
            f"{sum(counts[split].values()):,}",
        )
        for split in ("train", "val", "test", "")
        if split in counts
    ]
    head = ("split", *(label or "no label" for label in labels), "all")
    return element("section", element("h2", "Images"), table(head, rows))


def files_(audit: Audit, pictures: Pictures) -> Html:
    """Return what is wrong with single files."""
    title = element("h2", "Files")
    if not audit.faults:
        return element("section", title, element("p", "Every file can be read."))
    kinds = Counter(fault.kind for fault in audit.faults)
    overview: list[tuple[Part, ...]] = [
        (KIND_NAMES[kind], meaning, f"{kinds[kind]:,}")
        for kind, meaning in MEANINGS.items()
        if kinds[kind]
    ]
    told = sorted(audit.faults, key=lambda fault: list(MEANINGS).index(fault.kind))
    listed: list[tuple[Part, ...]] = [
        (_path(audit, fault), KIND_NAMES[fault.kind], fault.detail)
        for fault in _first_of_each_kind(told, _OF_A_KIND)
    ]
    rest = len(told) - len(listed)
    return element(
        "section",
        title,
        table(("kind", "what it is", "files"), overview),
        _gallery(audit, told, pictures),
        element("h3", "By name"),
        table(("file", "kind", "detail"), listed),
        *([element("p", f"{rest:,} more are in audit.json.", class_="soft")] if rest else []),
    )


def _first_of_each_kind(faults: Sequence[FileFault], most: int) -> Iterator[FileFault]:
    seen = Counter[str]()
    for fault in faults:
        seen[fault.kind] += 1
        if seen[fault.kind] <= most:
            yield fault


def _path(audit: Audit, fault: FileFault) -> Html:
    return path_element(fault.path, audit.home)


def _gallery(audit: Audit, faults: list[FileFault], pictures: Pictures) -> Html:
    pictured = [fault for fault in faults if fault.kind in _SHOWN_KINDS]
    shown = list(_first_of_each_kind(pictured, _PICTURED))
    figures = [
        pictures.of(
            fault.path,
            element(
                "figcaption",
                element("span", KIND_NAMES[fault.kind], class_="tag"),
                element("div", _path(audit, fault)),
            ),
        )
        for fault in shown[: pictures.room(len(shown), 1)]
    ]
    return element("div", *figures, class_="row") if figures else Html("")


def confounds(audit: Audit) -> Html:
    """Return how far file facts give the class away."""
    found = audit.confounds
    title = element("h2", "What can be learnt without looking at the brain")
    if found.score is None:
        return element("section", title, element("p", f"Not measured. {found.reason}"))
    left_out = f" Too small to take part: {', '.join(found.left_out)}." if found.left_out else ""
    text = (
        "A small classifier (boosted trees) was trained on facts of the files alone, and on where "
        "the head begins and ends, and tested on groups it had not seen: "
        f"{counted(found.n_slices, 'image')} in {counted(found.n_groups, 'group')}, "
        f"{len(found.labels)} classes, five folds. Whatever it gets right it got right without "
        "looking inside the head. Balanced accuracy is the mean over classes of "
        f"the share found; the red mark is guessing ({found.chance:.2f}), the black line the 95 % "
        f"interval.{left_out}"
    )
    scores = [("all facts together", found.score), *((f.name, f.score) for f in found.facts)]
    bars: list[tuple[Part, ...]] = [
        (
            name,
            f"{score.balanced_accuracy:.2f}",
            f"{score.interval[0]:.2f} to {score.interval[1]:.2f}",
            _bar(score, found),
        )
        for name, score in scores
    ]
    head = ("fact", "balanced accuracy", "95 % interval", "0 to 1")
    return element("section", title, element("p", text), table(head, bars), _typical(found))


def _bar(score: Score, found: Confounds) -> Html:
    low, high = score.interval
    return element(
        "div",
        element("i", style=f"width: {100 * score.balanced_accuracy:.1f}%"),
        element("s", style=f"left: {100 * low:.1f}%; width: {100 * (high - low):.1f}%"),
        element("u", style=f"left: {100 * found.chance:.1f}%"),
        class_="bar",
    )


def _typical(found: Confounds) -> Html:
    head = ("fact", *found.labels)
    rows: list[tuple[Part, ...]] = [
        (fact.name, *(_words(fact.typical[label]) for label in found.labels))
        for fact in found.facts
    ]
    same = (
        [element("p", f"The same for every image: {', '.join(found.same)}.", class_="soft")]
        if found.same
        else []
    )
    if not rows:
        return joined(*same)
    words = "Commonest value with its share, or medians; places and sizes as shares of the image."
    return joined(
        element("h3", "What the classes have"),
        element("p", words, class_="soft"),
        table(head, rows),
        *same,
    )


def _words(text: str) -> Html:
    """Keep a cell that begins with a digit from being taken for a number."""
    return element("span", text)


def bundle(audit: Audit) -> Iterator[Html]:
    """Yield what the bundle that was asked about has seen."""
    if not audit.bundle:
        return
    rows = audit.manifest.rows
    seen = Counter(rows[i].split for i in audit.seen)
    counts = {split: sum(of.values()) for split, of in audit.manifest.counts().items()}
    table_rows: list[tuple[Part, ...]] = [
        (split or "no split", f"{n:,}", f"{seen[split]:,}") for split, n in counts.items()
    ]
    named = [element("div", path_element(rows[i].path, audit.home)) for i in audit.seen[:_FILES]]
    rest = len(audit.seen) - len(named)
    more = [element("p", f"{rest:,} more are in audit.json.", class_="soft")] if rest else []
    listed = [element("details", element("summary", "By name"), *named, *more)] if named else []
    yield element(
        "section",
        element("h2", f"What the bundle {audit.bundle} was trained on"),
        element(
            "p",
            "Found by the perceptual hashes that the bundle carries: an image counts as seen if it "
            "differs from a training slice in a few bits at most, so a neighbouring slice may "
            "count too.",
        ),
        table(("split", "images", "seen in training"), table_rows),
        *listed,
    )


def next_steps(audit: Audit) -> Html:
    """Return what to train from and how to go on."""
    training = audit.training
    out: list[tuple[Part, ...]] = [
        (words, f"{training.counts[reason]:,}")
        for reason, words in REASONS.items()
        if training.counts.get(reason)
    ]
    parts: list[Html] = [
        element("h2", "What to train from"),
        element(
            "p",
            f"manifest.csv beside this report has {counted(len(training.manifest), 'image')}: each "
            "picture once, with groups that must stay together.",
        ),
    ]
    if out:
        parts.append(table(("left out because it", "files"), out))
    if training.manifest.rows:
        parts.append(
            element(
                "code",
                "brainlens data split manifest.csv --out grouped.csv\n"
                "brainlens train --data grouped.csv",
            )
        )
    if training.manifest.near_copies.pairs:
        parts.append(
            element(
                "p",
                "near_copies.json beside it lists the near copies. Put beside another manifest of "
                "these images, or into their folder, it makes splits and split checks there know "
                "of them too.",
            )
        )
    return element("section", *parts)
