"""The same work in LitServe, an inference server: as many workers as cores, one thread each.

Runs in an environment of its own, which ``requirements.txt`` beside this file makes.
"""

import os
from pathlib import Path
from typing import Any

import litserve  # type: ignore[import-not-found]  # in an environment of its own
import numpy as np
import onnxruntime as ort
from fastapi import Request
from PIL import Image

from brainlens.bundle.load import load_bundle
from brainlens.imaging import Slice, preprocess
from brainlens.inference.calibration import softmax


class Classifier(litserve.LitAPI):  # type: ignore[misc]  # as above
    """Answers with class id → probability for the image in the form field ``file``."""

    def setup(self, device: str) -> None:
        """Load the bundle in a worker, and run it once."""
        bundle = load_bundle(Path(os.environ["APP_BUNDLE"]))
        self.info = bundle.info
        options = ort.SessionOptions()
        options.intra_op_num_threads = int(os.environ["APP_THREADS"])
        self.session = ort.InferenceSession(bundle.read("model.onnx"), options)
        size = self.info.preprocess.size
        self.predict(np.zeros((1, 1, size, size), np.float32))

    def decode_request(self, request: Request, **_: Any) -> Any:
        """Return the network's input."""
        pixels = np.asarray(Image.open(request["file"].file).convert("L"))
        return preprocess(Slice(pixels, "any"), self.info.preprocess)[np.newaxis]

    def predict(self, x: Any, **_: Any) -> Any:
        """Return the logits."""
        return self.session.run(["logits"], {"image": x})[0][0]

    def encode_response(self, output: Any, **_: Any) -> dict[str, dict[str, float]]:
        """Return the answer."""
        shares = softmax(output, self.info.temperature).tolist()
        classes = self.info.classes
        return {"probabilities": {c.id: p for c, p in zip(classes, shares, strict=True)}}


if __name__ == "__main__":
    server = litserve.LitServer(
        Classifier(), accelerator="cpu", workers_per_device=int(os.environ["APP_WORKERS"])
    )
    server.run(
        host="127.0.0.1",
        port=int(os.environ["APP_PORT"]),
        generate_client_file=False,
        log_level="warning",
    )
