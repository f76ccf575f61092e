"""Running the service: one process, one event loop, until it is told to stop."""

import asyncio
import contextlib
import errno
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

import uvicorn

from brainlens.errors import ServiceError, UsageError
from brainlens.server.app import create_app
from brainlens.server.connection import bounded
from brainlens.server.descriptors import BACKLOG, provide
from brainlens.server.last_resort import GRACE_S, end_within
from brainlens.server.log_format import log_to
from brainlens.server.models import Models
from brainlens.server.settings import Settings
from brainlens.server.storage import Storage
from brainlens.server.tls import tls_context


class Server(uvicorn.Server):
    """A uvicorn server on a socket of its own that says when it is ready.

    Parameters
    ----------
    settings
        Its settings.
    on_ready
        Called once with the service's URL, when it answers.
    on_stopping
        Called once, when it is told to stop.

    Attributes
    ----------
    needs_keys
        Whether requests need an API key or a token.

    Raises
    ------
    ServiceError
        If the port is taken or may not be used, or the database fails.
    InputError
        If a bundle or the certificate cannot be loaded, or others than this machine could reach a
        service that has no keys.
    """

    def __init__(
        self,
        settings: Settings,
        on_ready: Callable[[str], None],
        on_stopping: Callable[[], None] = lambda: None,
    ) -> None:
        with ExitStack() as stack:
            storage = Storage.open(settings)
            stack.callback(storage.close)
            # Before the port is opened: nobody may come in before it is known who may.
            self.needs_keys = settings.oidc_issuer is not None or storage.keys.any()
            if not (self.needs_keys or settings.on_loopback):
                raise _no_keys(settings.host)
            tls = None
            if settings.tls_cert is not None and settings.tls_key is not None:
                tls = tls_context(settings.tls_cert, settings.tls_key)
            # Before the models are loaded: that takes longer, and a port may be taken.
            self._socket = _listen(settings.host, settings.port)
            stack.callback(self._socket.close)
            models = Models.load(settings, input_key=storage.secret.key("input"))
            app = create_app(settings, models, storage)
            stack.pop_all()
        self._app = app
        self._on_ready = on_ready
        self._on_stopping = on_stopping
        self._scheme = "http" if tls is None else "https"
        super().__init__(
            uvicorn.Config(
                app,
                http=bounded(
                    settings.head_timeout,
                    settings.max_connections,
                    app.state.metrics.connection_refused,
                ),
                ws="none",
                backlog=BACKLOG,
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                ssl_context_factory=None if tls is None else lambda *_: tls,
                timeout_graceful_shutdown=settings.shutdown_timeout,
            )
        )

    @property
    def url(self) -> str:
        """Where the service answers."""
        host, port = self._socket.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        return f"{self._scheme}://{shown}:{port}"

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop; requests under way are finished first."""
        with self._socket:
            super().run([self._socket, *(sockets or [])])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start and say so."""
        url = self.url
        await super().startup(sockets)
        self._reload_on_hangup()
        self._on_ready(url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what was taken, within bounds."""
        self._on_stopping()
        await super().shutdown(sockets)

    def _reload_on_hangup(self) -> None:
        """Let SIGHUP load the configured bundles again, where it does not mean another thing.

        To a process on a terminal it says that the terminal is gone, and one started with nohup
        shall not hear it at all.
        """
        if (
            sys.platform == "win32"
            or threading.current_thread() is not threading.main_thread()
            or signal.getsignal(signal.SIGHUP) is not signal.SIG_DFL
            or os.isatty(0)
        ):
            return
        loop = asyncio.get_running_loop()
        service = self._app.state.service
        running: set[asyncio.Task[None]] = set()

        def reload() -> None:
            task = loop.create_task(service.swap.reload())
            # The loop alone would not keep it from being collected.
            running.add(task)
            task.add_done_callback(running.discard)

        loop.add_signal_handler(signal.SIGHUP, reload)


def serve(settings: Settings, on_ready: Callable[[str, bool], None]) -> None:
    """Serve in this process until it is told to stop by Ctrl+C or a signal.

    Parameters
    ----------
    settings
        The service's settings.
    on_ready
        Called once with the service's URL, and whether requests need a key, when it answers.

    Raises
    ------
    ServiceError, InputError
        As `Server`.
    """
    log_to()
    provide(settings.max_connections)

    def ready(url: str) -> None:
        # What is there now stays until the end. The collector would look through all of it again
        # and again: a sixth of the processor time of a request, and pauses that its caller notices.
        gc.freeze()
        on_ready(url, server.needs_keys)

    # uvicorn ends in good order first and raises the interrupt again after.
    with contextlib.suppress(KeyboardInterrupt):
        server = Server(
            settings,
            ready,
            # Only here: elsewhere the process is not this service's own to end.
            partial(end_within, settings.shutdown_timeout + GRACE_S),
        )
        server.run()


def _no_keys(host: str) -> UsageError:
    return UsageError(
        f"Without any API key the service answers on loopback only, not on {host}.",
        hint="Make a key first: brainlens keys create NAME --scope predict.",
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ServiceError(
                f"Port {port} of {host} is taken.",
                hint="Stop what uses it or choose another: brainlens serve --port 8001.",
            ) from error
        raise ServiceError(
            f"The service cannot listen on {host}, port {port}: {error.strerror or error}.",
            hint="Choose a port above 1023: brainlens serve --port 8001.",
        ) from error
    # asyncio switches Nagle's algorithm off only on sockets that say they are TCP, which those of
    # create_server do not; with it, an answer of two writes waits 40 ms for an acknowledgement.
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=made.detach())
