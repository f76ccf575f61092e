import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "check_licences.py"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


@pytest.mark.parametrize(
    "licence",
    [
        "MIT License",
        "BSD-3-Clause AND MIT",
        "GNU Lesser General Public License v3 (LGPLv3)",
        "LGPL-3.0-only",
        "GPL-2.0-only OR MIT",
        "Mozilla Public License 2.0 (MPL 2.0)",
    ],
)
def test_licences_that_may_be_used(script: dict[str, Any], licence: str) -> None:
    verdict: Callable[[str], str] = script["verdict"]
    assert verdict(licence) == ""


@pytest.mark.parametrize(
    "licence",
    [
        "GPLv3",
        "GNU General Public License v2 (GPLv2)",
        "GNU Affero General Public License v3",
        "AGPL-3.0-or-later",
        "MIT AND GPL-3.0-only",
        "UNKNOWN",
    ],
)
def test_licences_that_may_not_or_must_be_looked_at(script: dict[str, Any], licence: str) -> None:
    verdict: Callable[[str], str] = script["verdict"]
    assert verdict(licence) != ""


def test_the_closure_holds_what_extras_and_their_dependencies_need(script: dict[str, Any]) -> None:
    closure: Callable[[str, tuple[str, ...]], set[str]] = script["closure"]
    base, train = closure("brainlens", ()), closure("brainlens", ("train",))
    assert {"fastapi", "starlette", "onnxruntime"} <= base
    assert "torch" not in base
    assert {"torch", "lightning", "scikit-learn"} | base <= train
    assert not {"pytest", "ruff", "brainlens"} & train
