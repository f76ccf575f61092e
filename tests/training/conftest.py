"""A tiny data set of bright discs on noise, and one finished run on it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import Tensor, nn

from brainlens.classes import ClassInfo
from brainlens.datasets.info import DatasetInfo
from brainlens.datasets.manifest import Manifest, Row
from brainlens.imaging.spec import PreprocessSpec
from brainlens.networks import backbones
from brainlens.networks.backbone import Backbone, Pyramid
from brainlens.networks.network import Origin, Stage
from brainlens.training.config import TrainConfig, preset
from brainlens.training.run import train

# torch reads this when it is first used on a GPU; it must be there before.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

SIZE = 32
CLASSES = ("small", "large", "ring")


def _picture(label: str, generator: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """Return a picture and the outline of its disc."""
    pixels = generator.normal(60, 12, (48, 48))
    y, x = np.mgrid[:48, :48]
    distance = np.hypot(y - generator.integers(16, 32), x - generator.integers(16, 32))
    inside = {"small": distance < 4, "large": distance < 12, "ring": abs(distance - 12) < 2}
    pixels[inside[label]] += 120
    mask = Image.fromarray(inside[label].astype(np.uint8) * 255)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), mask


@pytest.fixture(scope="session")
def make_set() -> Callable[..., Path]:
    """Return ``make(folder, patients=5, copy=False, outlined=0) -> manifest``.

    There are 4 slices a patient and class, and ``outlined`` of them have a mask. The last patient
    of each class is the test split. With ``copy`` one training slice is in the test split too.
    """

    def make(folder: Path, patients: int = 5, copy: bool = False, outlined: int = 0) -> Path:
        generator = np.random.default_rng(3)
        rows = []
        for label in CLASSES:
            for patient in range(patients):
                for number in range(4):
                    path = folder / "images" / f"{label}-{patient}-{number}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    picture, outline = _picture(label, generator)
                    picture.save(path)
                    mask = path.with_suffix(".mask.png") if number < outlined else None
                    if mask is not None:
                        outline.save(mask)
                    split = "test" if patient == patients - 1 else "train"
                    rows.append(
                        Row(
                            path,
                            label,
                            f"{label}-{patient}",
                            split=split,
                            mask=mask,
                            synthetic=True,
                        )
                    )
        if copy:
            path = folder / "images" / "copy.png"
            path.write_bytes(rows[0].path.read_bytes())
            rows.append(Row(path, rows[0].label, "copy", split="test", synthetic=True))
        classes = tuple(ClassInfo.from_id(label) for label in CLASSES)
        info = DatasetInfo(title="Discs", licence="CC0-1.0", attribution="drawn", classes=classes)
        Manifest(folder, tuple(rows), info).save(folder / "manifest.csv")
        return folder / "manifest.csv"

    return make


@pytest.fixture(scope="session")
def discs(tmp_path_factory: pytest.TempPathFactory, make_set: Callable[..., Path]) -> Path:
    """Return the manifest of the tiny set."""
    return make_set(tmp_path_factory.mktemp("discs"))


class SmallBackbone(Backbone):
    """A backbone that learns in seconds: one convolution a stride."""

    def __init__(self, *, cut: bool = False) -> None:
        widths = (8, 16, 16) if cut else (8, 16, 16, 16)
        super().__init__(widths[1:], (0.0, 1.0))
        self.name = "small"
        self.levels = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, 5, stride, padding=2, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            )
            for before, after, stride in zip((1, *widths), widths, (4, 2, 2, 2), strict=False)
        )

    def features(self, image: Tensor) -> Pyramid:
        maps = [image]
        for level in self.levels:
            maps.append(level(maps[-1]))
        return Pyramid(tuple(maps[1:3]), tuple(maps[2:]))

    def stages(self) -> tuple[Stage, ...]:
        return (Stage("levels", tuple(self.levels)),)

    def load_published(self) -> Origin:
        raise NotImplementedError


@pytest.fixture
def small_backbone(monkeypatch: pytest.MonkeyPatch) -> str:
    """Register a backbone, and return the name of the network that it guides."""
    monkeypatch.setitem(backbones._BACKBONES, "small", SmallBackbone)
    return "guided:small"


@pytest.fixture(scope="session")
def make_config(
    discs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., TrainConfig]:
    """Return ``make(**changes)``: the default preset, small enough for a test."""
    cache = tmp_path_factory.mktemp("cache")

    def make(**changes: Any) -> TrainConfig:
        small: dict[str, Any] = {
            "preprocess": PreprocessSpec(size=SIZE),
            "network_options": {"channels": [4, 8, 8, 8, 16], "hidden": 8},
            "epochs": 3,
            "batch_size": 8,
            "val_fraction": 0.25,
            "threads": 1,
            "accelerator": "cpu",
            "cache_folder": cache,
        }
        data = changes.pop("data", discs)
        return preset(changes.pop("preset", "default"), data, **(small | changes))

    return make


@pytest.fixture(scope="session")
def finished_run(
    make_config: Callable[..., TrainConfig], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the folder of a finished run; do not write into it."""
    return train(make_config(), tmp_path_factory.mktemp("runs") / "run", progress=False)
