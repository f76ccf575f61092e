"""From a run, or a bundle, to a new bundle."""

from pathlib import Path
from typing import Literal

import safetensors
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.bundle.schema import (
    DESCRIPTION,
    GATES,
    GRAPH,
    WEIGHTS,
    BundleInfo,
    Seen,
    Training,
)
from brainlens.bundle.schema import Network as NetworkInfo
from brainlens.bundle.write import write_bundle
from brainlens.datasets.cache import Cache
from brainlens.datasets.manifest import Manifest
from brainlens.errors import BundleInvalid, UsageError
from brainlens.imaging.perceptual_hash import MAX_DISTANCE, perceptual_hash, to_hex
from brainlens.networks import Network, create_network, is_own
from brainlens.training.checkpoints import load_checkpoint
from brainlens.training.graph import make_graph, round_to_half, weights_of
from brainlens.training.record import CONFIG, MANIFEST, RunRecord, read_run
from brainlens.training.run import cache_folder, create_checked

_COUNTER = "num_batches_tracked"
_WEIGHTS, _AVERAGED = "network.", "average.network."
"""What the names of a checkpoint's weights, and of their moving average, begin with."""


def export(
    source: Path,
    out: Path,
    *,
    name: str,
    version: str,
    half: bool = False,
    checkpoint: Literal["best", "last"] = "best",
    seen: bool = True,
    network: str | None = None,
) -> Bundle:
    """Write the bundle of a run, or write a bundle's network again.

    Parameters
    ----------
    source
        A run's folder, or a bundle: its ``weights.safetensors`` is exported again, without
        training; temperature, thresholds and gates are kept, figures are not, since they were
        measured on another file.
    out
        The new bundle's folder; must not exist.
    name, version
        Of the new bundle.
    half
        Store kernels and matrices in half precision, and once, in the graph: a quarter of the
        size, computation as before.
    checkpoint
        Which weights of a run.
    seen
        Store perceptual hashes of a run's training slices, so that the bundle can tell what it
        was trained on; leave out where not even those may be known.
    network
        The network's name, said again: a bundle of a network of somebody's own
        (``package.module:factory``) is exported only where this names it, for its module is
        imported, and what a bundle names is not trusted by itself.

    Returns
    -------
    Bundle
        The new bundle, loaded and verified.

    Raises
    ------
    RunError
        If a run has no such checkpoint.
    BundleError
        If ``source`` is neither a run nor a valid bundle.
    UsageError
        If ``out`` exists, or a bundle's network would have to be imported and is not named.
    """
    if (source / CONFIG).is_file():
        info, state = _from_run(source, name, version, checkpoint=checkpoint, seen=seen)
        gates = {}
    else:
        bundle = load_bundle(source)
        _require_named(bundle, network)
        info, state = _from_bundle(bundle, name, version)
        gates = {GATES: bundle.read(GATES)} if GATES in bundle.names else {}
    built = create_network(info.network.name, len(info.classes), **info.network.options)
    stored = round_to_half(state) if half else state
    _load_state(built, stored)
    files = {GRAPH: make_graph(built, info.preprocess.size, half=half), **gates}
    info = info.model_copy(update={"half_precision": half})
    if not info.graph_holds_weights:
        files[WEIGHTS] = save_tensors({key: value.contiguous() for key, value in stored.items()})
    write_bundle(out, info, files)
    return load_bundle(out)


def _from_run(
    run_dir: Path, name: str, version: str, *, checkpoint: str, seen: bool
) -> tuple[BundleInfo, dict[str, torch.Tensor]]:
    record = read_run(run_dir)
    config, data = record.config, record.data
    saved = load_checkpoint(run_dir, checkpoint)
    prefix = _AVERAGED if config.ema_decay else _WEIGHTS
    state = {
        key.removeprefix(prefix): value
        for key, value in saved["state_dict"].items()
        if key.startswith(prefix)
    }
    network = create_checked(config, len(data.classes), record.built)
    info = BundleInfo(
        name=name,
        version=version,
        classes=data.classes,
        network=NetworkInfo(name=network.name, options=network.options),
        preprocess=config.preprocess,
        training=Training(
            data_title=data.title,
            data_licence=data.licence,
            data_attribution=data.attribution,
            data_sha256=data.data_sha256,
            synthetic=data.synthetic,
            n_slices=data.n_train,
            n_patients=data.n_patients,
            split_check=data.split_check,
            protocol=data.protocol,
            seed=config.seed,
            preset=config.preset,
            epochs=len(saved["history"]),
            start=record.start,
        ),
        seen=_seen(record, run_dir) if seen else None,
    )
    return info, state


def _seen(record: RunRecord, run_dir: Path) -> Seen:
    """Hash the training slices as the network saw them: cached, quantised."""
    train = Manifest.load(run_dir / MANIFEST).select(split="train")
    cache = Cache.build(train, record.config.preprocess, cache_folder(record.config, run_dir))
    hashes = {perceptual_hash(cache.images[cache.index(row)]) for row in train.rows}
    # 0 means a black slice, which says nothing of where it comes from.
    known = sorted(to_hex(hash_) for hash_ in hashes - {0})
    return Seen(max_distance=MAX_DISTANCE, hashes=tuple(known))


def _require_named(bundle: Bundle, named: str | None) -> None:
    own = bundle.info.network.name
    if is_own(own) and own != named:
        raise UsageError(
            f"To export {bundle.path} again, the module of {own} would be imported.",
            hint=f"If you trust it, name it: --network {own}.",
        )


def _from_bundle(
    bundle: Bundle, name: str, version: str
) -> tuple[BundleInfo, dict[str, torch.Tensor]]:
    if bundle.info.training.elsewhere:
        raise BundleInvalid(
            f"The network of {bundle.path} was trained elsewhere: only its graph is here.",
            hint="Make the bundle again from the ONNX model: brainlens bundle from-onnx.",
        )
    try:
        state = (
            load_tensors(bundle.read(WEIGHTS))
            if WEIGHTS in bundle.names
            else weights_of(bundle.read(GRAPH))
        )
    except safetensors.SafetensorError as error:
        raise BundleInvalid(
            f"{WEIGHTS} of {bundle.path} cannot be read: {error}.", hint="Export the run again."
        ) from error
    changes = {"name": name, "version": version, "metrics": (), "risk_coverage": (), "curves": ()}
    return bundle.info.model_copy(update=changes), state


def _load_state(network: Network, state: dict[str, torch.Tensor]) -> None:
    # A graph holds no counters of batches seen; those of the new network decide as little.
    counters = {k: v for k, v in network.state_dict().items() if k.endswith(_COUNTER)}
    given = {key: value.float() for key, value in state.items()}
    try:
        network.load_state_dict(counters | given)
    except RuntimeError as error:
        raise BundleInvalid(
            f"The weights do not fit the network that {DESCRIPTION} names: {error}",
            hint="Export the run again.",
        ) from error
