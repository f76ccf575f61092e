"""``audit.json``: an audit for programs; its schema stands in ``docs/audit.md``."""

from collections.abc import Sequence
from typing import Any, Final

from brainlens.datasets.audit.confounds import Score
from brainlens.datasets.audit.copy_sets import CopySet
from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.shown_path import shown_path
from brainlens.datasets.audit.verdict import verdict
from brainlens.words import NOT_A_DEVICE

SCHEMA: Final = 1


def audit_json(audit: Audit) -> dict[str, Any]:
    """Return an audit as JSON values; paths are relative to the data folder."""
    root, rows = audit.manifest.root, audit.manifest.rows

    def name(i: int) -> str:
        return shown_path(rows[i].path, root)

    def set_(s: CopySet) -> dict[str, Any]:
        return {
            "kind": s.kind,
            "paths": [name(i) for i in s.rows],
            "splits": list(s.splits),
            "labels": list(s.labels),
        }

    return {
        "schema": SCHEMA,
        "summary": [{"weight": line.weight, "text": line.text} for line in verdict(audit)],
        "leaks": audit.leaks.leaks,
        "data": {
            "name": audit.name,
            "licence": audit.manifest.info.licence,
            "synthetic": audit.manifest.synthetic,
            "n_images": len(rows),
            "n_usable": len(audit.usable),
            "slices": {split or "none": n for split, n in audit.manifest.counts().items()},
        },
        "split": _split(audit),
        "files": [
            {
                "path": shown_path(fault.path, root),
                "kind": fault.kind,
                "detail": fault.detail,
                "unusable": fault.unusable,
            }
            for fault in audit.faults
        ],
        "copy_sets": [set_(s) for s in audit.sets],
        "contradictions": [set_(s) for s in audit.contradictions],
        "near_copies": [
            {
                "paths": [name(pair.first), name(pair.second)],
                "correlation": round(pair.correlation, 4),
                "mirrored": pair.mirrored,
                "turn": round(pair.turn, 2),
                "scale": round(pair.scale, 3),
            }
            for pair in audit.near
        ],
        "neighbours": [
            {
                "paths": [name(pair.first), name(pair.second)],
                "correlation": round(pair.correlation, 4),
            }
            for pair in audit.neighbours
        ],
        "groups": _groups(audit),
        "confounds": _confounds(audit),
        "bundle": {"name": audit.bundle, "seen": [name(i) for i in audit.seen]}
        if audit.bundle
        else None,
        "manifest": {
            "n_rows": len(audit.training.manifest),
            "left_out": audit.training.counts,
        },
        "disclaimer": NOT_A_DEVICE,
    }


def _split(audit: Audit) -> dict[str, Any] | None:
    check = audit.leaks.check
    if check is None:
        return None
    return {
        "status": check.status,
        "sentence": check.sentence,
        "shared_patients": list(check.shared_patients),
        "shared_groups": list(check.shared_groups),
        "held_out": [
            {
                "split": part.split,
                "n_slices": part.n_slices,
                "n_copies": part.n_copies,
                "n_patients": part.n_patients,
                "n_groups": part.n_groups,
                "n_neighbours": part.n_neighbours,
                "n_leaked": part.n_leaked,
            }
            for part in audit.leaks.held_out
        ],
    }


def _groups(audit: Audit) -> dict[str, Any]:
    sizes = group_sizes([audit.groups[i] for i in audit.usable])
    return {
        "patients_known": audit.knows_patients,
        "n_groups": len(sizes),
        "largest": max(sizes, default=0),
        "random_share": audit.leaks.random_share,
    }


def group_sizes(names: Sequence[str]) -> list[int]:
    """Return how many slices each group has, the largest first."""
    sizes: dict[str, int] = {}
    for name in names:
        sizes[name] = sizes.get(name, 0) + 1
    return sorted(sizes.values(), reverse=True)


def _confounds(audit: Audit) -> dict[str, Any]:
    found = audit.confounds
    if found.score is None:
        return {"reason": found.reason, "left_out": list(found.left_out)}
    return {
        "reason": "",
        "labels": list(found.labels),
        "left_out": list(found.left_out),
        "n_slices": found.n_slices,
        "n_groups": found.n_groups,
        "chance": found.chance,
        **_score(found.score),
        "facts": [{"name": f.name, **_score(f.score), "typical": f.typical} for f in found.facts],
        "same": list(found.same),
    }


def _score(score: Score) -> dict[str, Any]:
    return {"balanced_accuracy": score.balanced_accuracy, "interval": list(score.interval)}
