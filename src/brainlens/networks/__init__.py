"""Networks, one file an architecture; they know torch and nothing of BrainLens but its errors."""

from brainlens.networks.network import Network, Outputs
from brainlens.networks.own import is_own
from brainlens.networks.registry import create_network, network_names

__all__ = ["Network", "Outputs", "create_network", "is_own", "network_names"]
