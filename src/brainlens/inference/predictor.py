"""The predictor: one image in, one answer out, the same for every door."""

import hashlib
import hmac
import os
import secrets
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.cautions import cautions
from brainlens.bundle.load import Bundle
from brainlens.bundle.schema import BundleInfo
from brainlens.bundle.seen import seen_index
from brainlens.errors import ImageError, StorageError, UsageError
from brainlens.imaging import (
    Geometry,
    Limits,
    Slice,
    kept_box,
    perceptual_hash,
    pixel_sha256,
    quantise,
    read,
    standardise,
)
from brainlens.inference.abstain import AMBIGUOUS, choose_threshold, decide
from brainlens.inference.answer import Answer, InputInfo, ModelInfo
from brainlens.inference.calibrated import Calibrated
from brainlens.inference.engine import HEATMAPS, LESION_MAP, LOGITS, Engine
from brainlens.inference.explanation import Looked, check_classes, explain
from brainlens.inference.gates import Evidence, Finding, Gates, load_gates
from brainlens.inference.heatmap import HeatMap, heat_maps
from brainlens.inference.message import message
from brainlens.inference.ordered import map_in_order
from brainlens.inference.timing import Clock
from brainlens.inference.wish import Wish

Source = bytes | str | os.PathLike[str]

COLOURFUL: Final = (
    "The image has colours, which no MR slice has; its grey values were used, and the answer may "
    "mean nothing."
)
BLANK: Final = "The image is blank after scaling; the answer means nothing."

_DEFAULT_LIMITS: Final = Limits()
_KEY_BYTES: Final = 32


class Predictor:
    """Answers about slices with one bundle. May be used by many threads at once.

    Parameters
    ----------
    bundle
        A loaded bundle.
    threads, spinning
        See `Engine`.
    key
        Secret for the keyed hashes of inputs, so that an outsider cannot tell from an answer which
        image it is about. Default: a random one that ends with this object, so hashes of two
        predictors cannot be compared.
    limits
        Largest images read.
    abstain_on_set
        Whether to abstain (``ambiguous``) where the prediction set holds more than one class; else
        the set is information.
    gated
        Whether the bundle's gates are asked. What is served always asks them; evaluation leaves
        them out to tell what they change.

    Raises
    ------
    BundleInvalid
        If the graph cannot be run or does not fit the description.
    UsageError
        If the bundle has no prediction sets to abstain on.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        threads: int | None = None,
        spinning: bool = False,
        key: bytes | None = None,
        limits: Limits = _DEFAULT_LIMITS,
        abstain_on_set: bool = False,
        gated: bool = True,
    ) -> None:
        self._bundle = bundle
        self._calibrated = Calibrated(bundle.info)
        if abstain_on_set:
            self._calibrated.require_sets()
        self._abstain_on_set = abstain_on_set
        self._engine = Engine(bundle, threads=threads, spinning=spinning)
        self._gates = load_gates(bundle, self._engine) if gated else Gates()
        self._distance = self._gates.told
        self._key = secrets.token_bytes(_KEY_BYTES) if key is None else key
        self._limits = limits
        self._seen = seen_index(bundle.info)
        self._cautions = cautions(bundle.info)
        self._model = ModelInfo(
            name=bundle.info.name,
            version=bundle.info.version,
            decision_sha256=bundle.info.decision_sha256,
        )

    @property
    def info(self) -> BundleInfo:
        """The bundle's description."""
        return self._bundle.info

    def predict(
        self,
        source: Source,
        *,
        threshold: float | None = None,
        allow_lower: bool = False,
        explain: bool = False,
        classes: Sequence[str] = (),
    ) -> Answer:
        """Answer about one image.

        Parameters
        ----------
        source
            The content of an image file, or its path.
        threshold
            Confidence from which the model answers; default the bundle's own.
        allow_lower
            Whether ``threshold`` may be below the bundle's own.
        explain
            Whether to draw where the network looked for the predicted class.
        classes
            With ``explain``: other classes to draw that for.

        Raises
        ------
        ImageError
            If it is no image that can be read; the subclass says why.
        UsageError
            If the threshold is outside [0, 1] or too low, or a class is not known.
        StorageError
            If the file system refuses to read.
        """
        return self._predict(source, self._wish(threshold, allow_lower, explain, classes))

    def predict_slice(
        self,
        slice_: Slice,
        *,
        threshold: float | None = None,
        allow_lower: bool = False,
        explain: bool = False,
        classes: Sequence[str] = (),
    ) -> Answer:
        """Answer about a slice that is decoded already; its keyed hash is of `pixel_sha256`.

        Parameters
        ----------
        slice_
            The slice.
        threshold, allow_lower, explain, classes
            See `predict`.

        Raises
        ------
        UsageError
            If the threshold is outside [0, 1] or too low, or a class is not known.
        """
        wish = self._wish(threshold, allow_lower, explain, classes)
        return self._answer(slice_, pixel_sha256(slice_).encode(), wish, Clock())

    def heat_maps(
        self, slice_: Slice, *, threshold: float | None = None, allow_lower: bool = False
    ) -> tuple[Answer, tuple[HeatMap, ...]]:
        """Answer about a decoded slice and say where the network looked, from one forward pass.

        Parameters
        ----------
        slice_
            The slice.
        threshold, allow_lower
            See `predict`.

        Returns
        -------
        answer, maps
            The answer of `predict_slice`, and the map of every class in the bundle's order; no maps
            where the slice is rejected.

        Raises
        ------
        UsageError
            If the threshold is outside [0, 1] or too low.
        """
        wish = self._wish(threshold, allow_lower, True, ())
        identity = pixel_sha256(slice_).encode()
        answer, looked = self._look(slice_, identity, wish, Clock())
        return answer, () if looked is None else looked.maps

    def look(self, slice_: Slice) -> tuple[Answer, Looked | None]:
        """Answer about a decoded slice and return every map, from one forward pass.

        Parameters
        ----------
        slice_
            The slice.

        Returns
        -------
        answer, looked
            The answer of `predict_slice`, and the maps of the classes and, where the network has
            one, of the lesion; None where the slice is rejected.
        """
        wish = self._wish(None, False, True, ())
        return self._look(slice_, pixel_sha256(slice_).encode(), wish, Clock())

    def predict_paths(
        self,
        paths: Iterable[Path],
        *,
        threshold: float | None = None,
        allow_lower: bool = False,
        explain: bool = False,
        classes: Sequence[str] = (),
        workers: int = 1,
    ) -> Iterator[tuple[Path, Answer | ImageError | StorageError]]:
        """Answer about many files, in order; an image that cannot be used does not end the walk.

        Paths are taken as the answers are, so neither pile up.

        Parameters
        ----------
        paths
            Image files.
        threshold, allow_lower, explain, classes
            See `predict`.
        workers
            Slices looked at at the same time, at least 1.

        Yields
        ------
        path, answer or error

        Raises
        ------
        UsageError
            If an option or the number of workers cannot be used; at the call, not later.
        """
        wish = self._wish(threshold, allow_lower, explain, classes)
        if workers < 1:
            raise UsageError(f"{workers} workers cannot work.", hint="Give at least 1.")

        def one(path: Path) -> tuple[Path, Answer | ImageError | StorageError]:
            try:
                return path, self._predict(path, wish)
            except (ImageError, StorageError) as error:
                return path, error

        return map_in_order(one, paths, workers)

    def _wish(
        self, threshold: float | None, allow_lower: bool, explain: bool, classes: Sequence[str]
    ) -> Wish:
        """Return what is asked for, once it is known that it can be had."""
        own = self.info.thresholds.confidence
        known = [c.id for c in self.info.classes]
        return Wish(
            threshold=choose_threshold(threshold, own, allow_lower=allow_lower),
            explain=explain,
            classes=check_classes(classes, known),
        )

    def _predict(self, source: Source, wish: Wish) -> Answer:
        clock = Clock()
        data = source if isinstance(source, bytes) else _file_bytes(Path(source), self._limits)
        slice_ = read(data, self._limits)
        clock.lap("decode")
        return self._answer(slice_, data, wish, clock)

    def _answer(self, slice_: Slice, identity: bytes, wish: Wish, clock: Clock) -> Answer:
        answer, looked = self._look(slice_, identity, wish, clock)
        if looked is None or answer.predicted_class is None:
            return answer
        drawn = explain(slice_, looked, answer.predicted_class, wish.classes)
        clock.lap("explanation")
        return answer.model_copy(update={"explanation": drawn, "timings_ms": clock.finish()})

    def _look(
        self, slice_: Slice, identity: bytes, wish: Wish, clock: Clock
    ) -> tuple[Answer, Looked | None]:
        """Return the answer, and what its explanation is made of where that is wanted."""
        spec = self.info.preprocess
        quantised = quantise(slice_, spec)
        seen = self._seen is not None and self._seen.contains(perceptual_hash(quantised))
        batch = standardise(quantised, spec)[np.newaxis, np.newaxis]
        evidence = Evidence(slice_, quantised)
        findings = self._gates.before(evidence)
        clock.lap("preprocess")
        outputs: dict[str, NDArray[np.float32]] = {}
        shares = distance = None
        # The cheapest gates come first: what they reject costs no run of the network.
        if not any(finding.rejects for finding in findings):
            outputs = self._engine.run(batch, self._outputs(wish))
            clock.lap("inference")
            shares = self._calibrated.probabilities(outputs[LOGITS][0])
            names_lesion = self.info.classes[int(shares.argmax())].role == "lesion"
            evidence = replace(evidence, outputs=outputs, names_lesion=names_lesion)
            findings += self._gates.after(evidence)
            distance = None if self._distance is None else self._distance.distance(evidence)
        answer = Answer(
            prediction_id=uuid.uuid4().hex,
            **self._result(shares, wish.threshold, findings),
            threshold=wish.threshold,
            distance=distance,
            seen_in_training=seen,
            input=InputInfo(
                format=slice_.format,
                width=slice_.width,
                height=slice_.height,
                frame=slice_.frame,
                sha256=hmac.new(self._key, identity, hashlib.sha256).hexdigest(),
            ),
            warnings=(*self._cautions, *_warnings(slice_, quantised)),
            model=self._model,
            timings_ms=clock.finish(),
        )
        looked = wish.explain and answer.status != "rejected"
        return answer, self._looked(slice_, outputs) if looked else None

    def _result(
        self, shares: NDArray[np.float64] | None, threshold: float, findings: Sequence[Finding]
    ) -> dict[str, Any]:
        """Return the fields of an answer that say what came out; no class where it is rejected."""
        possible = None if shares is None else self._calibrated.prediction_set(shares)
        if self._abstain_on_set and possible is not None and len(possible) > 1:
            findings = (*findings, Finding(rejects=False, reason=AMBIGUOUS))
        best = None if shares is None else int(shares.argmax())
        confidence = 0.0 if shares is None else float(shares[best])
        status, reasons = decide(confidence, threshold, findings)
        said = {"status": status, "reasons": reasons, "message": message(status, reasons)}
        if shares is None or best is None or status == "rejected":
            nothing = ("predicted_class", "display_name", "confidence", "probabilities")
            return {**said, **dict.fromkeys(nothing)}
        winner = self.info.classes[best]
        ids = [c.id for c in self.info.classes]
        return {
            **said,
            "predicted_class": winner.id,
            "display_name": {str(lang): name for lang, name in winner.display_name.items()},
            "confidence": confidence,
            "probabilities": dict(zip(ids, shares.tolist(), strict=True)),
            "prediction_set": possible,
        }

    def _outputs(self, wish: Wish) -> tuple[str, ...]:
        """Return the outputs to compute: the engine leaves out what is not asked for."""
        shown = (HEATMAPS, LESION_MAP) if wish.explain else ()
        wanted = dict.fromkeys((LOGITS, *self._gates.needs, *shown))
        return tuple(name for name in wanted if name in self._engine.outputs)

    def _looked(self, slice_: Slice, outputs: Mapping[str, NDArray[np.float32]]) -> Looked:
        spec = self.info.preprocess
        geometry = Geometry(slice_.height, slice_.width, spec.size, kept_box(slice_, spec))
        class_ids = tuple(c.id for c in self.info.classes)
        maps = heat_maps(outputs[HEATMAPS][0], class_ids, geometry)
        if LESION_MAP not in outputs:
            return Looked(maps)
        located = np.maximum(outputs[LESION_MAP][0], 0)
        (lesion,) = heat_maps(located, (LESION_MAP,), geometry)
        return Looked(maps, lesion)


def _file_bytes(path: Path, limits: Limits) -> bytes:
    """Return a file's content, or just enough of it that `read` refuses it for its size."""
    try:
        if not path.is_file():
            kind = "a folder" if path.is_dir() else "no file"
            raise ImageError(f"{path} is {kind}.", hint="Give an image file.")
        with path.open("rb") as file:
            return file.read(limits.max_bytes + 1)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Check its permissions."
        ) from error


def _warnings(slice_: Slice, quantised: NDArray[np.uint8]) -> tuple[str, ...]:
    found = []
    if slice_.colourful:
        found.append(COLOURFUL)
    if quantised.min() == quantised.max():
        found.append(BLANK)
    return tuple(found)
