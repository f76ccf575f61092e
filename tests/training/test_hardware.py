from pathlib import Path

import pytest
import torch

from brainlens.training.config import preset
from brainlens.training.hardware import multiplies_bf16, settle


def test_everything_left_open_is_settled() -> None:
    config = settle(preset("default", Path("data")))
    assert config.precision in ("32-true", "bf16-mixed")
    assert config.channels_last is not None
    assert config.threads == torch.get_num_threads()
    assert config.data.is_absolute()
    assert settle(config) == config


def test_what_was_chosen_stays() -> None:
    chosen = preset("default", Path("data"), precision="32-true", channels_last=False, threads=3)
    config = settle(chosen)
    assert (config.precision, config.channels_last, config.threads) == ("32-true", False, 3)


@pytest.mark.parametrize(("has_amx", "precision"), [(True, "bf16-mixed"), (False, "32-true")])
def test_bf16_where_the_processor_has_matrix_units_for_it(
    has_amx: bool, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: has_amx, raising=False)
    config = settle(preset("default", Path("data"), accelerator="cpu"))
    assert config.precision == precision


def test_a_torch_that_cannot_tell_is_taken_at_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported", raising=False)
    assert not multiplies_bf16("cpu")
    assert not multiplies_bf16("tpu")


def test_a_gpu_is_asked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    assert multiplies_bf16("gpu")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    assert not multiplies_bf16("auto")
