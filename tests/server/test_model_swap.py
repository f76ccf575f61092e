import asyncio
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from brainlens.bundle.load import load_bundle
from brainlens.bundle.schema import GRAPH, BundleInfo
from brainlens.bundle.write import write_bundle
from brainlens.server.keys.scope import Scope
from brainlens.server.model_swap import path_below
from brainlens.server.refusals import BundleRefused

from ..live_service import Live, Run
from .test_route_predict import problem


@dataclass(frozen=True)
class Swapping:
    """A service that may load bundles from a folder."""

    live: Live
    folder: Path
    admin: dict[str, str]

    def swap(self, path: str, name: str = "tiny") -> httpx.Response:
        return self.live.post(f"/admin/models/{name}", json={"path": path}, headers=self.admin)

    def served(self) -> str:
        return str(self.live.get("/").json()["models"][0]["decision_sha256"])


@pytest.fixture
def folder(
    tmp_path: Path, tiny_bundle: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes]
) -> Path:
    """Return a folder of bundles: one good, one changed after it was written, one that is none."""
    root = tmp_path / "bundles"
    root.mkdir()
    cooler = tiny_info.model_copy(update={"version": "0.0.2", "temperature": 2.0})
    write_bundle(root / "new", cooler, tiny_files)
    shutil.copytree(root / "new", root / "damaged")
    content = bytearray((root / "damaged" / GRAPH).read_bytes())
    content[-1] ^= 1
    (root / "damaged" / GRAPH).write_bytes(content)
    (root / "empty").mkdir()
    (root / "stairs").symlink_to(tiny_bundle)
    (root / "circle").symlink_to(root / "circle")
    return root


@pytest.fixture
def swapping(run_service: Run, folder: Path) -> Iterator[Swapping]:
    with run_service(workers=2, bundle_dirs=(folder,)) as live:
        _, key = live.service.storage.keys.create("admin", (Scope.ADMIN,))
        yield Swapping(live, folder, {"X-API-Key": key})


@pytest.mark.parametrize("absolute", [False, True])
def test_another_bundle_answers(
    swapping: Swapping, tiny_bundle: Path, ambiguous_png: bytes, absolute: bool
) -> None:
    old, new = load_bundle(tiny_bundle).info, load_bundle(swapping.folder / "new").info

    answer = swapping.swap(str(swapping.folder / "new") if absolute else "new")

    assert answer.status_code == 200
    assert answer.json() == {
        "name": "tiny",
        "now": {
            "bundle": "tiny",
            "version": "0.0.2",
            "decision_sha256": new.decision_sha256,
        },
        "before": {
            "bundle": "tiny",
            "version": "0.0.1",
            "decision_sha256": old.decision_sha256,
        },
    }
    assert swapping.served() == new.decision_sha256
    predicted = swapping.live.post("/predict", content=ambiguous_png, headers=swapping.admin)
    assert predicted.json()["model"]["decision_sha256"] == new.decision_sha256


def test_the_change_is_logged_with_who_made_it(
    swapping: Swapping, caplog: pytest.LogCaptureFixture
) -> None:
    before = swapping.served()
    with caplog.at_level("INFO", "brainlens.server"):
        swapping.swap("new")
        swapping.swap("damaged")

    lines = [json.loads(record.message) for record in caplog.records]
    (swapped,) = (line for line in lines if line["event"] == "model_swapped")
    (refused,) = (line for line in lines if line["event"] == "model_refused")
    assert swapped["before"] == before
    assert swapped["decision_sha256"] == swapping.served()
    assert swapped["key"] == refused["key"] == swapping.admin["X-API-Key"].split("_")[1]
    assert refused["error"] == "bundle_invalid"
    figures = swapping.live.get("/metrics", headers=swapping.admin).text
    assert 'brainlens_model_loads_total{model="tiny",outcome="used"} 1.0' in figures
    assert 'brainlens_model_loads_total{model="tiny",outcome="refused"} 1.0' in figures
    assert figures.count("brainlens_model_info{") == 1


@pytest.mark.parametrize("path", ["damaged", "empty", "nothing", "stairs", "circle", "a\0b"])
def test_a_bad_one_leaves_the_old_serving(
    swapping: Swapping, ambiguous_png: bytes, path: str
) -> None:
    before = swapping.served()

    answer = swapping.swap(path)

    assert (answer.status_code, problem(answer)) == (422, "bundle-refused")
    assert swapping.served() == before
    ask = swapping.live.post("/predict", content=ambiguous_png, headers=swapping.admin)
    assert ask.status_code == 200


def test_one_that_does_not_run_leaves_the_old_serving(
    swapping: Swapping, tiny_info: BundleInfo, tiny_files: dict[str, bytes], tmp_path: Path
) -> None:
    before = swapping.served()
    # Whole and verified, yet no network.
    write_bundle(swapping.folder / "broken", tiny_info, {**tiny_files, GRAPH: b"no graph"})

    assert problem(swapping.swap("broken")) == "bundle-refused"
    assert swapping.served() == before


def test_one_that_gives_no_numbers_leaves_the_old_serving(
    swapping: Swapping, tiny_info: BundleInfo, tiny_files: dict[str, bytes]
) -> None:
    before = swapping.served()
    # Of the right form, so that only running it tells.
    graph = onnx.load_from_string(tiny_files[GRAPH])
    for tensor in graph.graph.initializer:
        nothing = np.full_like(numpy_helper.to_array(tensor), np.nan)
        tensor.CopyFrom(numpy_helper.from_array(nothing, tensor.name))
    files = {**tiny_files, GRAPH: graph.SerializeToString()}
    write_bundle(swapping.folder / "mute", tiny_info, files)

    answer = swapping.swap("mute")

    assert problem(answer) == "bundle-refused"
    assert "finite" in answer.json()["detail"]
    assert swapping.served() == before


@pytest.mark.parametrize("path", ["..", ".", "", "/etc", "new/../../bundles", "x" * 5000])
def test_paths_that_lead_elsewhere(swapping: Swapping, path: str) -> None:
    assert swapping.swap(path).status_code == 422


def test_what_lies_elsewhere_is_told_as_what_is_not_there(
    swapping: Swapping, tiny_bundle: Path
) -> None:
    told = {
        json.dumps({**swapping.swap(str(path)).json(), "instance": ""})
        for path in (tiny_bundle, tiny_bundle / "none", swapping.folder / "none", "stairs")
    }

    assert len(told) == 1


def test_a_name_that_is_not_served(swapping: Swapping) -> None:
    assert problem(swapping.swap("new", name="other")) == "unknown-model"


def test_without_folders_nothing_is_loaded(run_service: Run, tiny_bundle: Path) -> None:
    with run_service() as live:
        _, key = live.service.storage.keys.create("admin", (Scope.ADMIN,))
        answer = live.post(
            "/admin/models/tiny", json={"path": str(tiny_bundle)}, headers={"X-API-Key": key}
        )

    assert problem(answer) == "bundle-refused"
    assert "BRAINLENS_BUNDLE_DIRS" in answer.json()["hint"]


def test_without_keys_nobody_administers(live: Live) -> None:
    assert problem(live.post("/admin/models/tiny", json={"path": "x"})) == "scope-needed"


def test_a_folder_that_is_missing_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "there" / "new").mkdir(parents=True)

    found = path_below((tmp_path / "gone", tmp_path / "there"), "new")
    with pytest.raises(BundleRefused):
        path_below((tmp_path / "gone",), "new")

    assert found == (tmp_path / "there" / "new").resolve()


def test_while_one_is_loaded_another_has_to_wait(
    swapping: Swapping, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, started = threading.Event(), threading.Event()
    load = type(swapping.live.service.models.loader).load

    def slow(*given: object) -> object:
        started.set()
        gate.wait(60)
        return load(*given)  # type: ignore[arg-type]  # what came in

    monkeypatch.setattr(type(swapping.live.service.models.loader), "load", slow)
    with ThreadPoolExecutor(1) as executor:
        first = executor.submit(swapping.swap, "new")
        assert started.wait(60)
        second = swapping.swap("new")
        # And the service answers meanwhile.
        assert swapping.live.get("/livez").status_code == 200
        gate.set()

        assert problem(second) == "service-busy"
        assert first.result(60).status_code == 200


def test_no_request_is_lost_while_models_change(
    swapping: Swapping, slice_png: Callable[..., bytes], tiny_bundle: Path
) -> None:
    shutil.copytree(tiny_bundle, swapping.folder / "old")
    known = {load_bundle(swapping.folder / name).info.decision_sha256 for name in ("old", "new")}
    ended = threading.Event()

    def ask(index: int) -> list[tuple[int, str, str]]:
        told = []
        with httpx.Client(base_url=swapping.live.url, timeout=60, trust_env=False) as client:
            while not ended.is_set():
                answer = client.post(
                    "/predict", content=slice_png(index % 3), headers=swapping.admin
                ).json()
                model = answer["model"]["decision_sha256"]
                told.append((index % 3, answer["predicted_class"], model))
        return told

    with ThreadPoolExecutor(4) as executor:
        clients = [executor.submit(ask, index) for index in range(4)]
        swaps = [swapping.swap(("new", "damaged", "old")[n % 3]).status_code for n in range(30)]
        ended.set()
        told = [one for client in clients for one in client.result(60)]

    assert swaps == [200, 422, 200] * 10
    # Every request was answered, rightly, by one of the two, and both had their turn.
    assert len(told) > 30
    assert all(("alpha", "beta", "gamma")[index] == found for index, found, _ in told)
    assert {model for *_, model in told} == known


def reload(live: Live) -> None:
    asyncio.run_coroutine_threadsafe(live.service.swap.reload(), live.loop).result(60)


def test_reloading_takes_all_bundles_or_none(
    run_service: Run, folder: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).symlink_to(tiny_bundle)
    paths = {name: tmp_path / name for name in ("one", "two")}

    def change(name: str, bundle: Path) -> None:
        paths[name].unlink()
        paths[name].symlink_to(bundle)

    with run_service(bundles=paths) as live:

        def versions() -> list[str]:
            return [model["version"] for model in live.get("/").json()["models"]]

        change("one", folder / "new")
        change("two", folder / "damaged")
        reload(live)
        assert versions() == ["0.0.1", "0.0.1"]

        change("two", folder / "new")
        reload(live)
        assert versions() == ["0.0.2", "0.0.2"]
