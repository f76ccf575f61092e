"""Another bundle in the place of a served one, while the service answers."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from brainlens.errors import BrainLensError, ServiceBusy
from brainlens.server.metrics import Metrics
from brainlens.server.model import Model
from brainlens.server.models import Models, bundle_paths
from brainlens.server.refusals import BundleRefused
from brainlens.server.request_log import log
from brainlens.server.settings import Settings


class ModelSwap:
    """Loads bundles for names that are served; for one event loop.

    The new one is verified and has run once before it is used; a bad one leaves the old one
    serving. Requests under way are answered by the model that they began with.

    Parameters
    ----------
    settings
        Which folders bundles may be loaded from, and which were configured.
    models
        The served models.
    metrics
        Where it is counted.
    """

    def __init__(self, settings: Settings, models: Models, metrics: Metrics) -> None:
        self._settings = settings
        self._models = models
        self._metrics = metrics
        self._lock = asyncio.Lock()

    async def swap(self, name: str, path: str, *, key_id: str | None) -> Model:
        """Serve the bundle at ``path`` under a name that is served already.

        Parameters
        ----------
        name
            The name.
        path
            A path below one of the folders that the settings name; relative to it, or absolute.
        key_id
            The key of who wants it, for the log.

        Returns
        -------
        Model
            The model that served under that name before.

        Raises
        ------
        UnknownModel
            If no model of that name is served.
        BundleRefused
            If the bundle lies elsewhere or cannot be served.
        ServiceBusy
            If another one is being loaded.
        """
        before = self._models.find(name)
        if self._lock.locked():
            raise ServiceBusy(
                "Another bundle is being loaded.", hint="Ask again when that is done."
            )
        async with self._lock:
            try:
                new = await asyncio.to_thread(self._load_below, name, path)
            except BrainLensError as error:
                self._refused(name, error, key_id)
                raise BundleRefused(error.message, hint=error.hint) from error
            self._use([new], key_id)
        return before

    async def reload(self) -> None:
        """Load the configured bundles again; if one of them is bad, all stay as they are."""
        async with self._lock:
            loaded = []
            for name, path in bundle_paths(self._settings).items():
                try:
                    loaded.append(await asyncio.to_thread(self._models.loader.load, name, path))
                except BrainLensError as error:
                    self._refused(name, error, None)
                    return
            self._use(loaded, None)

    def _load_below(self, name: str, path: str) -> Model:
        return self._models.loader.load(name, path_below(self._settings.bundle_dirs, path))

    def _use(self, models: Sequence[Model], key_id: str | None) -> None:
        before = {model.name: self._models.find(model.name).info for model in models}
        self._models.replace(*models)
        for model in models:
            self._metrics.model_loaded(model.name, used=True)
            log(
                "model_swapped",
                model=model.name,
                version=model.info.version,
                decision_sha256=model.info.decision_sha256,
                before=before[model.name].decision_sha256,
                key=key_id,
            )

    def _refused(self, name: str, error: BrainLensError, key_id: str | None) -> None:
        self._metrics.model_loaded(name, used=False)
        log("model_refused", logging.ERROR, model=name, error=error.code, key=key_id)


def path_below(folders: Sequence[Path], path: str) -> Path:
    """Return where a path leads, links followed, if that is below one of the folders.

    What lies elsewhere is told as what does not exist: nobody learns which files a machine has.

    Raises
    ------
    BundleRefused
        If it leads elsewhere or nowhere, or there are no folders.
    """
    if not folders:
        raise BundleRefused(
            "This service loads no bundles on request.",
            hint="Name the folders that it may load from in BRAINLENS_BUNDLE_DIRS and restart it.",
        )
    for folder in folders:
        try:
            root = folder.resolve(strict=True)
            found = (root / path).resolve(strict=True)
        # RuntimeError: a link that leads to itself. ValueError: a zero byte.
        except (OSError, RuntimeError, ValueError):
            continue
        if found != root and found.is_relative_to(root):
            return found
    raise BundleRefused(
        "There is no bundle at that path below the folders of BRAINLENS_BUNDLE_DIRS.",
        hint="Put the bundle there first, then give its path.",
    )
