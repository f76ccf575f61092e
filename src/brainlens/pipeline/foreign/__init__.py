"""From an ONNX model that was trained elsewhere to a bundle."""
