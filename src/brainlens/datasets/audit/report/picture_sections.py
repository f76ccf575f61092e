"""What is shown in pictures: leaks, contradictions, copies, neighbouring slices."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from brainlens.datasets.audit.copy_pair import CopyPair
from brainlens.datasets.audit.copy_sets import KINDS, CopySet
from brainlens.datasets.audit.findings import Audit, redundant
from brainlens.datasets.audit.report.pictures import Pictures, path_element
from brainlens.datasets.audit.verdict import counted
from brainlens.html.element import Html, element, joined, table

_SETS: Final = 20
"""Sets or pairs shown of each finding; all are in audit.json."""
_OF_A_SET: Final = 4
_PAIRS: Final = 9


def sections(audit: Audit, pictures: Pictures) -> Iterator[Html]:
    """Yield the sections for which there is something to show, the gravest first."""
    crossing = [s for s in audit.sets if s.crosses]
    within = [s for s in audit.sets if not s.crosses and not s.contradicts]
    show = _Show(audit, pictures)
    if audit.leaks.held_out:
        yield _leaks(audit, crossing, show)
    if audit.contradictions:
        yield _section(
            "One picture, several labels",
            "Each set shows one picture that lies in several classes. All its files are left out "
            "of the manifest to train from, since nobody knows which label is right.",
            show.sets(audit.contradictions),
        )
    if audit.sets:
        yield _copies(audit, within, show)
    if audit.neighbours:
        yield _neighbours(audit, show)


def _section(title: str, text: str, *parts: Html) -> Html:
    return element("section", element("h2", title), element("p", text), *parts)


class _Show:
    """Shows sets and pairs of rows as pictures."""

    def __init__(self, audit: Audit, pictures: Pictures) -> None:
        self._audit = audit
        self._pictures = pictures
        self._pairs = {(pair.first, pair.second): pair for pair in audit.pairs}

    def sets(self, sets: Sequence[CopySet]) -> Html:
        """Show the first sets, a few files of each."""
        shown: list[Html] = []
        for s in sets[:_SETS]:
            rows = self._apart(s)
            if not self._pictures.room(1, len(rows)):
                break
            shown.append(self._set(_told(s, self._pair_of(s)), rows, len(s.rows)))
        return _with_rest(shown, len(sets))

    def pairs(self, pairs: Sequence[CopyPair]) -> Html:
        """Show the first pairs."""
        shown = [
            self._set(f"correlation {pair.correlation:.2f}", (pair.first, pair.second), 2)
            for pair in pairs[: self._pictures.room(min(len(pairs), _PAIRS))]
        ]
        return _with_rest(shown, len(pairs))

    def _apart(self, s: CopySet) -> tuple[int, ...]:
        """Return a few rows of a set: one of each split and label first."""
        rows = self._audit.manifest.rows
        first: dict[tuple[str, str], int] = {}
        for i in s.rows:
            first.setdefault((rows[i].split, rows[i].label), i)
        different = [*first.values(), *(i for i in s.rows if i not in first.values())]
        return tuple(sorted(different[:_OF_A_SET]))

    def _pair_of(self, s: CopySet) -> CopyPair | None:
        if len(s.rows) != 2:
            return None
        return self._pairs.get((s.rows[0], s.rows[1]))

    def _set(self, words: str, rows: Sequence[int], n_rows: int) -> Html:
        more = [element("p", f"and {n_rows - len(rows)} more")] if n_rows > len(rows) else []
        figures = [self._figure(i) for i in rows]
        return element(
            "div", element("p", words), element("div", *figures, class_="row"), *more, class_="set"
        )

    def _figure(self, i: int) -> Html:
        row = self._audit.manifest.rows[i]
        tags = [element("span", row.split, class_=f"tag {row.split}")] if row.split else []
        if row.label:
            tags.append(element("span", row.label, class_="tag"))
        if row.patient:
            tags.append(element("span", f"patient {row.patient}", class_="tag"))
        name = path_element(row.path, self._audit.home)
        caption = element("figcaption", *tags, element("div", name))
        return self._pictures.of(row.path, caption)


def _with_rest(shown: list[Html], total: int) -> Html:
    rest = total - len(shown)
    more = [element("p", f"{rest:,} more are in audit.json.", class_="soft")] if rest else []
    return joined(element("div", *shown, class_="sets"), *more)


def _told(s: CopySet, pair: CopyPair | None) -> str:
    if s.kind != "near":
        return KINDS[s.kind]
    if pair is None:
        return f"{len(s.rows)} files, exact and near copies of each other"
    changes = ["mirrored"] if pair.mirrored else []
    if abs(pair.turn) >= 0.5:
        changes.append(f"turned by {pair.turn:.0f}°")
    if abs(pair.scale - 1) >= 0.01:
        changes.append(f"head {pair.scale:.2f} times as large")
    told = ", ".join(changes) or "not moved"
    return f"near copy: {told}; correlation {pair.correlation:.3f}"


def _leaks(audit: Audit, crossing: Sequence[CopySet], show: _Show) -> Html:
    check = audit.leaks.check
    head = (
        "scored on",
        "slices",
        "with a copy earlier",
        "patient seen earlier",
        "group seen earlier",
        "likely neighbours",
    )
    rows = [
        (
            part.split,
            f"{part.n_slices:,}",
            f"{part.n_copies:,}",
            f"{part.n_patients:,}",
            f"{part.n_groups:,}",
            f"{part.n_neighbours:,}",
        )
        for part in audit.leaks.held_out
    ]
    pictures = (
        joined(element("h3", "Copies on several sides"), show.sets(crossing))
        if crossing
        else Html("")
    )
    return _section(
        "The split",
        f"{check.sentence if check else ''} Earlier means: in train, or for test in train or val. "
        "Likely neighbours are slices without a named patient that look like the next slice of a "
        "head on an earlier side.",
        table(head, rows),
        pictures,
    )


def _copies(audit: Audit, within: Sequence[CopySet], show: _Show) -> Html:
    of_kind = Counter(s.kind for s in audit.sets)
    rows = [
        (
            words,
            f"{of_kind[kind]:,}",
            f"{redundant([s for s in audit.sets if s.kind == kind]):,}",
            f"{sum(s.crosses for s in audit.sets if s.kind == kind):,}",
            f"{sum(s.contradicts for s in audit.sets if s.kind == kind):,}",
        )
        for kind, words in KINDS.items()
        if of_kind[kind]
    ]
    head = ("the least alike of a set are", "sets", "files too many", "across splits", "two labels")
    pictures = (
        joined(element("h3", "Copies on one side, of one label"), show.sets(within))
        if within
        else Html("")
    )
    return _section(
        "Copies",
        f"{counted(audit.n_redundant, 'file')} would not be missed. One file of each set stays in "
        "the manifest to train from: that of the test set if there is one.",
        table(head, rows),
        pictures,
    )


def _neighbours(audit: Audit, show: _Show) -> Html:
    rows = audit.manifest.rows
    text = (
        f"{counted(len(audit.neighbours), 'pair')} of images look like slices of one head a few "
        "millimetres apart: no copies, yet not independent either."
    )
    if audit.knows_patients:
        apart = sum(audit.groups[p.first] != audit.groups[p.second] for p in audit.neighbours)
        text += (
            f" Patients or groups are named here, so this changes nothing; {apart:,} of the pairs "
            "are of different ones, which look alike."
        )
        return _section("Neighbouring slices", text)
    across = [
        pair
        for pair in audit.neighbours
        if "" != rows[pair.first].split != rows[pair.second].split != ""
    ]
    return _section(
        "Neighbouring slices",
        f"{text} Where no patient is named, they are joined to pseudo-patients, which are the "
        "groups of the manifest to train from. The most alike are shown, those on several sides "
        "of the split first.",
        show.pairs(sorted(across or audit.neighbours, key=lambda pair: -pair.correlation)),
    )
