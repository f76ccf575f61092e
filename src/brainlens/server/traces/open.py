"""The traces that the settings ask for, if they ask for any."""

from typing import TYPE_CHECKING

from brainlens.errors import MissingExtra
from brainlens.server.settings import Settings

if TYPE_CHECKING:
    from brainlens.server.traces.traces import Traces


def open_traces(settings: Settings) -> "Traces | None":
    """Return what sends traces, or None where no collector is set.

    Raises
    ------
    MissingExtra
        If a collector is set and what talks to it is not installed.
    """
    if settings.traces_endpoint is None:
        return None
    try:
        # Imported here: it takes its time, and most services send no traces.
        from brainlens.server.traces.traces import Traces
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"Traces need {error.name}, which is not installed.",
            hint='Install it: pip install "brainlens[otel]".',
        ) from error
    return Traces(settings.traces_endpoint, settings.traces_ratio)
