"""An exponential moving average of a network's weights."""

import copy

import torch
from torch import nn

from brainlens.networks import Network


class WeightAverage(nn.Module):
    """A copy of a network whose weights follow those of the original slowly.

    After t steps each value moves by 1 − d towards the original's, with
    d = min(decay, (1 + t) / (10 + t)): at first the average is short, so that the random start is
    soon forgotten. Running statistics of batch normalisation are averaged likewise: they then fit
    the averaged weights about as well as the originals fit theirs. (On averaging: Polyak and
    Juditsky, 1992; the rising decay is that of TensorFlow's ``ExponentialMovingAverage``.)

    Being a module, it is in every checkpoint.

    Parameters
    ----------
    network
        The original.
    decay
        In (0, 1).

    Attributes
    ----------
    network
        The averaged network; not trained itself.
    """

    def __init__(self, network: Network, decay: float) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def follow(self, network: Network, step: int) -> None:
        """Move towards the original's weights.

        Parameters
        ----------
        network
            The original.
        step
            Steps taken before this one.
        """
        share = 1 - min(self._decay, (1 + step) / (10 + step))
        new = network.state_dict()
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                value.lerp_(new[name], share)
            else:
                value.copy_(new[name])
