"""Everything about the service that its operator may choose."""

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from brainlens.errors import UsageError
from brainlens.server.keys.scope import Scope
from brainlens.server.oidc.address import is_safe

_MIB = 1024 * 1024
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
_NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"


def _cores() -> int:
    """Return how many cores this process may use, as far as the platform tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Settings(BaseSettings):
    """Settings of the service, from ``BRAINLENS_<NAME>`` variables or given by the caller.

    Mappings and lists are written as JSON in a variable, for instance
    ``BRAINLENS_BUNDLES={"mine": "runs/mine/bundle"}``.

    Attributes
    ----------
    host
        Address to listen on; others than those of loopback only once there is a key.
    port
        TCP port; 0 lets the system choose.
    bundles
        Model name → path of a bundle; empty means the bundles shipped in the package.
    default_model
        The model that answers where a request names none; by default ``default`` where there is
        one, else the first.
    threshold
        Confidence in [0, 1] below which every model abstains; may raise a bundle's own, never
        lower it.
    max_upload_bytes
        Largest image accepted, in bytes.
    workers
        Threads that decode and compute; by default one a core.
    queue_length
        Requests that may wait for a thread; more are told to come again.
    max_connections
        Connections held open at a time; more are told to come again and closed.
    max_pixels
        Largest image decoded, in pixels.
    rate_limit
        Requests a minute that a key (without keys: an address) may make; 0 for no limit.
    rate_burst
        Requests that it may make at once after it was silent.
    redis_url
        Where these are counted for several processes together; each counts its own by default.
    head_timeout
        Seconds within which a connection must have brought the head of its next request, and
        within which a client must take up what it was sent.
    request_timeout
        Seconds within which the whole of a request must have arrived.
    shutdown_timeout
        Seconds that requests under way are given when the service is told to stop.
    data_dir
        Folder of what the service keeps: its secret, and its records and keys in SQLite.
    database_url
        Where records and keys are instead; ``postgresql://user:password@host/name``.
    secret_file
        File of 64 hexadecimal digits that hashes and records are signed with; by default one in
        ``data_dir``, made at the first start.
    min_free_bytes
        Free bytes below which the disk of ``data_dir`` is too full to be ready.
    bundle_dirs
        Folders below which an administrator may have bundles loaded while the service runs.
    sync_records
        Whether a record in SQLite is on the disk before its answer goes out. Otherwise records
        survive the end of the process, by whatever signal, yet the last ones not a power cut.
    head_interval
        Seconds between two lines in the log that say how far the records go.
    trusted_proxies
        Addresses or networks of proxies whose word on who asks is believed.
    tls_cert, tls_key
        PEM files of a certificate and its key: the service then speaks HTTPS and nothing else.
    oidc_issuer, oidc_audience
        URL of an OpenID Connect provider whose bearer tokens are accepted, and the name that
        tokens for this service have in ``aud``.
    oidc_claim, oidc_scopes
        The claim that says what a token's subject may do, and which of its words stands for which
        scope.
    oidc_clients
        Clients whose tokens are accepted; empty means those of all.
    traces_endpoint
        URL to which traces are sent (OTLP over HTTP), for instance
        ``http://collector:4318/v1/traces``; by default none are made.
    traces_ratio
        Share of the requests that are traced, in [0, 1].
    allowed_hosts
        Host names, besides those of loopback, that the service answers to.
    allowed_origins
        Web origins, besides its own, whose pages may use the service.

    Raises
    ------
    UsageError
        If ``host`` is no address, or of certificate and key, or issuer and audience, only one is
        given.
    pydantic.ValidationError
        If another value is out of range; see `load_settings`.
    """

    model_config = SettingsConfigDict(
        env_prefix="BRAINLENS_", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    bundles: dict[Annotated[str, Field(pattern=_NAME)], Path] = {}
    default_model: str | None = None
    threshold: float | None = Field(default=None, ge=0, le=1)
    max_upload_bytes: int = Field(default=20 * _MIB, ge=1024, le=32 * _MIB)
    workers: int = Field(default_factory=_cores, ge=1, le=256)
    queue_length: int = Field(default=32, ge=0, le=10_000)
    max_connections: int = Field(default=1000, ge=1, le=1_000_000)
    max_pixels: int = Field(default=40_000_000, ge=1024, le=40_000_000)
    rate_limit: int = Field(default=6000, ge=0, le=10_000_000)
    rate_burst: int = Field(default=600, ge=1, le=1_000_000)
    redis_url: SecretStr | None = None
    head_timeout: float = Field(default=10.0, gt=0, le=3600)
    request_timeout: float = Field(default=30.0, gt=0, le=3600)
    shutdown_timeout: int = Field(default=30, ge=1, le=3600)
    data_dir: Path = Field(default_factory=lambda: Path.home() / ".brainlens")
    database_url: SecretStr | None = None
    secret_file: Path | None = None
    min_free_bytes: int = Field(default=64 * _MIB, ge=0)
    bundle_dirs: tuple[Path, ...] = ()
    sync_records: bool = False
    head_interval: float = Field(default=300.0, gt=0, le=86_400)
    trusted_proxies: tuple[str, ...] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    oidc_issuer: str | None = None
    oidc_audience: str | None = Field(default=None, min_length=1)
    oidc_claim: str = Field(default="scope", min_length=1)
    oidc_scopes: dict[str, Scope] = {f"brainlens:{scope}": scope for scope in Scope}
    oidc_clients: tuple[str, ...] = ()
    traces_endpoint: str | None = Field(default=None, pattern=r"^https?://[^\s/?#]+(/\S*)?$")
    traces_ratio: float = Field(default=1.0, ge=0, le=1)
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback

    @field_validator("host")
    @classmethod
    def _address(cls, host: str) -> str:
        if host != "localhost":
            try:
                ipaddress.ip_address(host)
            except ValueError:
                raise UsageError(
                    f"{host!r} is no address to listen on.",
                    hint="Give an IP address of this machine, or leave --host out for loopback.",
                ) from None
        return host

    @model_validator(mode="after")
    def _certificate_with_key(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise UsageError(
                "A certificate needs its key, and a key its certificate.",
                hint="Give both: brainlens serve --tls-cert FILE --tls-key FILE.",
            )
        return self

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, issuer: str | None) -> str | None:
        if issuer is not None and not is_safe(issuer):
            raise ValueError("an issuer is written like https://login.example.org/realm")
        return issuer

    @model_validator(mode="after")
    def _issuer_with_audience(self) -> Self:
        if (self.oidc_issuer is None) != (self.oidc_audience is None):
            raise UsageError(
                "An issuer of tokens needs the audience that they must be for, and the other way "
                "round.",
                hint="Set both: BRAINLENS_OIDC_ISSUER and BRAINLENS_OIDC_AUDIENCE.",
            )
        return self

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            ipaddress.ip_network(proxy)
        return proxies

    @field_validator("allowed_hosts")
    @classmethod
    def _lower(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(host.strip().lower() for host in hosts)

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        origins = tuple(origin.strip().lower().rstrip("/") for origin in origins)
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError("an origin is written like https://example.org:8443")
        return origins


def load_settings(**chosen: Any) -> Settings:
    """Return the settings of the environment, overridden by what the caller chose.

    Parameters
    ----------
    **chosen
        Fields of `Settings`; None means not chosen.

    Raises
    ------
    UsageError
        If a value is out of range or cannot be read; the message names the setting.
    """
    try:
        return Settings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        raise UsageError(
            f"{name} cannot be used: {first['msg']}.",
            hint=f"Mend the option or the variable BRAINLENS_{name.upper()}.",
        ) from error
    except ValueError as error:
        # pydantic-settings could not read a variable's JSON; its message names the field.
        raise UsageError(
            f"A BRAINLENS_ variable is not JSON: {error}.",
            hint='Write mappings and lists as JSON, for instance {"mine": "path/to/bundle"}.',
        ) from error
