"""What helps on the machine at hand."""

import torch

from brainlens.training.config import TrainConfig


def settle(config: TrainConfig) -> TrainConfig:
    """Return ``config`` with everything left to the machine decided, and the data's full path.

    bf16 autocast and channels-last memory go together: on a processor that multiplies in bf16
    they about double SimpleCNN's speed, on one that does not, bf16 is emulated and slower than
    fp32.
    """
    bf16 = multiplies_bf16(config.accelerator)
    precision = config.precision
    if precision == "auto":
        precision = "bf16-mixed" if bf16 else "32-true"
    return config.model_copy(
        update={
            "data": config.data.resolve(),
            "precision": precision,
            "channels_last": bf16 if config.channels_last is None else config.channels_last,
            "threads": config.threads or torch.get_num_threads(),
        }
    )


def multiplies_bf16(accelerator: str) -> bool:
    """Whether the device a run would use multiplies matrices in bf16 in hardware."""
    if accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if accelerator in ("auto", "cpu") and torch.backends.mkldnn.is_available():
        # Private, as is everything torch offers on this; absent on some builds.
        checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        return any(getattr(torch.cpu, name, _no)() for name in checks)
    return False


def _no() -> bool:
    return False
