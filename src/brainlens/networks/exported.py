"""The network as it ships: one graph that gives logits, embedding, heat maps and statistics."""

import torch
from torch import Tensor, nn

from brainlens.networks.network import Network

_OUTPUT_NAMES = ("logits", "embedding", "heatmaps", "feature_statistics")


class ExportedNetwork(nn.Module):
    """Wraps a network so that one forward pass yields what a bundle's graph must give.

    The wrapped network is put in evaluation mode: dropout off, batch statistics frozen.

    Attributes
    ----------
    output_names
        Of what `forward` returns, in its order.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.output_names = _OUTPUT_NAMES + (("lesion_map",) if network.has_lesion_map else ())
        self.eval()

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return logits [N, C], embedding [N, D], heat maps [N, C, h, w], statistics [N, F].

        Then, where the network has one, the lesion map [N, 1, h, w], in [0, 1].
        """
        outputs = self.network(image)
        statistics = torch.cat([_mean_and_spread(layer) for layer in outputs.early], dim=1)
        always = outputs.logits, outputs.embedding, self.network.heatmaps(outputs), statistics
        return always if outputs.lesion is None else (*always, torch.sigmoid(outputs.lesion))


def _mean_and_spread(layer: Tensor) -> Tensor:
    """Return mean and standard deviation of each channel, [N, 2 K]."""
    mean = layer.mean(dim=(2, 3))
    # Around the mean and not from the mean of squares, which rounding could make negative.
    spread = (layer - mean[:, :, None, None]).square().mean(dim=(2, 3)).sqrt()
    return torch.cat([mean, spread], dim=1)
