import json
from dataclasses import replace
from pathlib import Path

from brainlens.datasets.audit.audit_json import audit_json, group_sizes
from brainlens.datasets.audit.confounds import Confounds
from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.leaks import Leaks

from .planted import HOSTILE

DOCUMENT = Path(__file__).parents[3] / "docs" / "audit.md"


def test_it_is_json_with_paths_of_the_data_folder(audited: Audit, planted: Path) -> None:
    text = json.dumps(audit_json(audited), allow_nan=False)
    assert str(planted) not in text
    back = json.loads(text)
    assert back["leaks"] is True
    assert back["split"]["status"] == "leaky"
    assert back["split"]["held_out"][0]["n_copies"] == 10
    assert {"path": "train/glioma/tiny.png", "kind": "tiny", "detail": "20 x 20 pixels",
            "unusable": True} in back["files"]  # fmt: skip
    paths = {path for s in back["contradictions"] for path in s["paths"]}
    assert "test/glioma/" + HOSTILE.replace("\n", "\\n") in paths
    assert len(back["near_copies"]) == len(audited.near) > 4
    assert back["manifest"]["n_rows"] == len(audited.training.manifest)
    assert len(back["neighbours"]) == len(audited.neighbours)
    assert back["bundle"] is None
    assert back["confounds"]["chance"] == 1 / 3


def test_every_key_is_documented(audited: Audit) -> None:
    words = DOCUMENT.read_text()
    missing = [key for key in _keys(audit_json(audited)) if f"`{key}`" not in words]
    assert missing == []


def _keys(value: object) -> set[str]:
    if isinstance(value, list):
        return {key for item in value for key in _keys(item)}
    if not isinstance(value, dict):
        return set()
    # What classes and splits are called is not ours to document.
    ours = {k: v for k, v in value.items() if k not in ("typical", "slices")}
    return set(value) | {key for item in ours.values() for key in _keys(item)}


def test_what_was_not_found_is_null_or_empty(audited: Audit) -> None:
    empty = replace(
        audited, leaks=Leaks(None, (), 0.5), confounds=Confounds(reason="Too few."), bundle="b"
    )
    back = audit_json(empty)
    assert back["split"] is None
    assert back["leaks"] is False
    assert back["confounds"] == {"reason": "Too few.", "left_out": []}
    assert back["bundle"] == {"name": "b", "seen": []}


def test_sizes_of_groups() -> None:
    assert group_sizes(["a", "b", "a", "c", "a", "b"]) == [3, 2, 1]
