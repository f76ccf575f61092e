"""Whether a run can be guided by outlines."""

from brainlens.datasets.manifest import Manifest
from brainlens.networks.guided import PREFIX, without_guidance
from brainlens.training.config import TrainConfig


def settle_guidance(config: TrainConfig, manifest: Manifest) -> TrainConfig:
    """Return the choices, without guidance where there is nothing to be guided by.

    A branch that nobody trains would tell places at random, and ship as a lesion map.

    Parameters
    ----------
    config
        A run's choices.
    manifest
        Its data, split.
    """
    if not config.network.startswith(PREFIX):
        return config
    outlined = any(row.mask is not None for row in manifest.rows if row.split == "train")
    if outlined and config.lesion_weight > 0:
        return config
    name, options = without_guidance(config.network, config.network_options)
    return config.model_copy(update={"network": name, "network_options": options})
