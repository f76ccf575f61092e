from dataclasses import replace

from brainlens.datasets.fingerprint import data_sha256
from brainlens.datasets.manifest import Manifest
from brainlens.evaluation.report.findings import Findings


def _with_rows(findings: Findings, **changes: str) -> Findings:
    manifest = findings.manifest
    assert manifest is not None
    rows = [replace(row, **changes) for row in manifest.rows]  # type: ignore[arg-type]  # text only
    return replace(findings, manifest=manifest.with_rows(rows))


def test_the_fingerprint_is_of_the_evaluated_slices(findings: Findings, data: Manifest) -> None:
    assert findings.fingerprint == data_sha256(data.select(split="test"))
    assert _with_rows(findings, split="").fingerprint == data_sha256(data)


def test_without_hashes_nothing_is_claimed(findings: Findings, bare: Findings) -> None:
    unhashed = _with_rows(findings, pixel_sha256="")
    assert (unhashed.fingerprint, unhashed.split_check) == (None, None)
    assert (bare.fingerprint, bare.split_check) == (None, None)


def test_the_split_is_checked_where_there_is_one(findings: Findings) -> None:
    check = findings.split_check
    assert check is not None
    assert check.status == "clean"
    assert _with_rows(findings, split="test").split_check is None
    shared = _with_rows(findings, patient="p").split_check
    assert shared is not None
    assert shared.status == "leaky"
