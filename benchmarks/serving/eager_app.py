"""The application that many would write first: eager PyTorch behind FastAPI, written well.

Weights loaded once, warmed up, ``inference_mode``, threads as told, work in FastAPI's threads so
that the event loop stays free.
"""

import os
from pathlib import Path

import numpy as np
import torch
from fastapi import FastAPI, UploadFile
from PIL import Image
from safetensors.torch import load

from brainlens.bundle.load import load_bundle
from brainlens.imaging import Slice, preprocess
from brainlens.networks import create_network

bundle = load_bundle(Path(os.environ["APP_BUNDLE"]))
info, spec = bundle.info, bundle.info.preprocess
network = create_network(info.network.name, len(info.classes), **info.network.options).eval()
network.load_state_dict(load(bundle.read("weights.safetensors")))
torch.set_num_threads(int(os.environ["APP_THREADS"]))
with torch.inference_mode():
    for _ in range(10):
        network(torch.zeros(1, 1, spec.size, spec.size))
app = FastAPI()
app.get("/ready")(lambda: "ready")


@app.post("/predict")
def predict(file: UploadFile) -> dict[str, dict[str, float]]:
    """Return class id → probability for the image in the form field ``file``."""
    pixels = np.asarray(Image.open(file.file).convert("L"))
    batch = torch.from_numpy(preprocess(Slice(pixels, "any"), spec))[None]
    with torch.inference_mode():
        shares = (network(batch).logits[0] / info.temperature).softmax(0).tolist()
    return {"probabilities": {c.id: p for c, p in zip(info.classes, shares, strict=True)}}
