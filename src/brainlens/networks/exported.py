"""The network as it ships: one graph that gives logits, embedding and heat maps."""

from torch import Tensor, nn

from brainlens.networks.network import Network

OUTPUT_NAMES = ("logits", "embedding", "heatmaps")


class ExportedNetwork(nn.Module):
    """Wraps a network so that one forward pass yields what a bundle's graph must give.

    The wrapped network is put in evaluation mode: dropout off, batch statistics frozen.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.eval()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return (logits [N, C], embedding [N, D], heat maps [N, C, h, w])."""
        outputs = self.network(image)
        return outputs.logits, outputs.embedding, self.network.heatmaps(outputs)
