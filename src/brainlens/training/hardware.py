"""What helps on the machine at hand."""

import torch

from brainlens.training.config import TrainConfig


def settle(config: TrainConfig) -> TrainConfig:
    """Return ``config`` with everything left to the machine decided, and the data's full path.

    Channels-last memory helps SimpleCNN wherever it was measured. bf16 autocast helps on
    processors with matrix units for it (AMX, tensor cores); where it is only a vector
    instruction, it was measured no faster than fp32 and is left out.
    """
    bf16 = multiplies_bf16(config.accelerator)
    precision = config.precision
    if precision == "auto":
        precision = "bf16-mixed" if bf16 else "32-true"
    return config.model_copy(
        update={
            "data": config.data.resolve(),
            "precision": precision,
            "channels_last": True if config.channels_last is None else config.channels_last,
            "threads": config.threads or torch.get_num_threads(),
        }
    )


def multiplies_bf16(accelerator: str) -> bool:
    """Whether the device a run would use multiplies matrices in bf16 in hardware."""
    if accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if accelerator in ("auto", "cpu"):
        # Private, as is everything torch offers on this; absent on some builds.
        return bool(getattr(torch.cpu, "_is_amx_tile_supported", _no)())
    return False


def _no() -> bool:
    return False
