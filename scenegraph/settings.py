"""Everything the environment may set, in one place, typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_safe_service_url(url: str) -> bool:
    """True for https anywhere and for plain http on this machine.

    >>> [is_safe_service_url(u) for u in ("https://x.y", "http://127.0.0.1:8", "http://x.y")]
    [True, True, False]
    """
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def split_listen(value: str) -> tuple[str, int]:
    """Host and port of a place to listen at.

    >>> split_listen("127.0.0.1:8322"), split_listen("[::1]:80")
    (('127.0.0.1', 8322), ('::1', 80))

    Raises:
        ValueError: it is not `HOST:PORT`.
    """
    try:
        parts = urlsplit(f"//{value}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.path or parts.query or "@" in value:
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:8322")
    return host, port


class Settings(BaseSettings):
    """The environment. The key is a secret: it never shows in a log, a repr or a report."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    fal_key: SecretStr | None = Field(default=None, validation_alias="FAL_KEY")
    fal_key_id: SecretStr | None = Field(default=None, validation_alias="FAL_KEY_ID")
    fal_key_secret: SecretStr | None = Field(default=None, validation_alias="FAL_KEY_SECRET")
    fal_queue_url: str = Field(
        default="https://queue.fal.run", validation_alias="SCENEGRAPH_FAL_QUEUE_URL"
    )
    fal_rest_url: str = Field(
        default="https://rest.fal.ai", validation_alias="SCENEGRAPH_FAL_REST_URL"
    )
    fal_cdn_url: str = Field(
        default="https://v3.fal.media", validation_alias="SCENEGRAPH_FAL_CDN_URL"
    )
    #: Where the service's public keys are; at the rest host by default.
    fal_jwks_url: str | None = Field(default=None, validation_alias="SCENEGRAPH_FAL_JWKS_URL")
    #: The address that the service is told to send webhooks to; without one, runs only poll.
    webhook_url: str | None = Field(default=None, validation_alias="SCENEGRAPH_WEBHOOK_URL")
    #: Where a run listens for them: what stands behind that address.
    webhook_listen: str = Field(
        default="127.0.0.1:8322", validation_alias="SCENEGRAPH_WEBHOOK_LISTEN"
    )
    fal_inflight: int = Field(default=2, ge=1, le=400, validation_alias="SCENEGRAPH_FAL_INFLIGHT")
    store: str | None = Field(default=None, validation_alias="SCENEGRAPH_STORE")
    ffmpeg: Path | None = Field(default=None, validation_alias="SCENEGRAPH_FFMPEG")
    #: auto | sface | onnx | shape | off, or a face model of another package (docs/identity.md).
    identity: str = Field(default="auto", min_length=1, validation_alias="SCENEGRAPH_IDENTITY")
    #: Model files that the user brings: `PATH` or `PATH#sha256=…`; none is fetched.
    face_detector: str | None = Field(default=None, validation_alias="SCENEGRAPH_FACE_DETECTOR")
    face_embedder: str | None = Field(default=None, validation_alias="SCENEGRAPH_FACE_EMBEDDER")
    log: Literal["console", "json"] = Field(default="console", validation_alias="SCENEGRAPH_LOG")
    #: Folders outside the scene's own that its paths may reach, separated like PATH.
    allow_paths: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(), validation_alias="SCENEGRAPH_ALLOW_PATHS"
    )

    @field_validator("allow_paths", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        if isinstance(value, str):
            from os import pathsep

            return tuple(Path(part) for part in value.split(pathsep) if part)
        return value

    @field_validator("fal_queue_url", "fal_rest_url", "fal_cdn_url")
    @classmethod
    def _only_safe_urls(cls, value: str) -> str:
        if not is_safe_service_url(value):
            raise ValueError("must be https (plain http is accepted for loopback only)")
        return value.rstrip("/")

    @field_validator("fal_jwks_url", "webhook_url")
    @classmethod
    def _safe_or_none(cls, value: str | None) -> str | None:
        if not value:
            return None
        if not is_safe_service_url(value) or not urlsplit(value).hostname:
            raise ValueError("must be https (plain http is accepted for loopback only)")
        return value

    @field_validator("webhook_listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        split_listen(value)
        return value

    @property
    def jwks_url(self) -> str:
        """Where the keys that webhooks are signed with can be read."""
        return self.fal_jwks_url or f"{self.fal_rest_url}/.well-known/jwks.json"

    def credentials(self) -> str | None:
        """`id:secret`, or None when no key is set. Only the wire's header may hold it."""
        key, id, secret = (
            given.get_secret_value().strip() if given is not None else ""
            for given in (self.fal_key, self.fal_key_id, self.fal_key_secret)
        )
        return key or (f"{id}:{secret}" if id and secret else None)
