import subprocess
import sys
from pathlib import Path

import pytest

import brainlens
from brainlens.errors import BundleNotFound


def test_a_bundle_is_loaded_by_path(tiny_bundle: Path, ambiguous_png: bytes) -> None:
    for path in (tiny_bundle, str(tiny_bundle)):
        predictor = brainlens.load(path, threads=1)
        assert predictor.info.name == "tiny"
        assert predictor.predict(ambiguous_png).status == "abstained"


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(BundleNotFound, match="'no-such-bundle'"):
        brainlens.load("no-such-bundle")


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, brainlens; brainlens.load; print(*(n.split('.')[0] for n in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert "brainlens" in loaded
    assert loaded.isdisjoint({"onnxruntime", "numpy", "pydantic", "PIL", "fastapi", "torch"})


def test_predicting_imports_no_torch(tiny_bundle: Path) -> None:
    code = f"import sys, brainlens; brainlens.load({str(tiny_bundle)!r}); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "onnxruntime" in loaded
    assert loaded.isdisjoint({"torch", "lightning", "sklearn", "scipy", "matplotlib", "onnx"})
