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

    def credentials(self) -> str | None:
        """`id:secret`, or None when no key is set. Only the wire's header may hold it."""
        if self.fal_key is not None:
            return self.fal_key.get_secret_value()
        if self.fal_key_id is not None and self.fal_key_secret is not None:
            return f"{self.fal_key_id.get_secret_value()}:{self.fal_key_secret.get_secret_value()}"
        return None
