"""The application that who knows ONNX Runtime would write: thirty lines of FastAPI, written well.

One session for all, warmed up, its threads as told, work in FastAPI's threads so that the event
loop stays free. No keys, no limits, no records, no gates.
"""

import os
from pathlib import Path

import numpy as np
import onnxruntime as ort
from fastapi import FastAPI, UploadFile
from PIL import Image

from brainlens.bundle.load import load_bundle
from brainlens.imaging import Slice, preprocess
from brainlens.inference.calibration import softmax

bundle = load_bundle(Path(os.environ["APP_BUNDLE"]))
info, spec = bundle.info, bundle.info.preprocess
options = ort.SessionOptions()
options.intra_op_num_threads = int(os.environ["APP_THREADS"])
session = ort.InferenceSession(bundle.read("model.onnx"), options)
session.run(["logits"], {"image": np.zeros((1, 1, spec.size, spec.size), np.float32)})
app = FastAPI()
app.get("/ready")(lambda: "ready")


@app.post("/predict")
def predict(file: UploadFile) -> dict[str, dict[str, float]]:
    """Return class id → probability for the image in the form field ``file``."""
    pixels = np.asarray(Image.open(file.file).convert("L"))
    batch = preprocess(Slice(pixels, "any"), spec)[np.newaxis]
    (logits,) = session.run(["logits"], {"image": batch})
    shares = softmax(logits[0], info.temperature).tolist()
    return {"probabilities": {c.id: p for c, p in zip(info.classes, shares, strict=True)}}
