"""How the service listens, who may call it and how much (section ``server``)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from qwentts_svc.config.base import Section


class SidecarSettings(Section):
    """The plain HTTP port with ``/health`` and ``/metrics``."""

    enabled: bool = Field(default=True, description="Serve /health and /metrics over HTTP.")
    host: str = Field(default="127.0.0.1", description="Address to listen on; loopback keeps metrics private.")
    port: int = Field(default=9090, ge=0, le=65535, description="Port to listen on. 0: any free one.")


class TlsSettings(Section):
    """Transport security; off while both files are empty."""

    cert_file: str = Field(default="", description="PEM certificate chain of the service. Empty: no TLS.")
    key_file: str = Field(default="", description="PEM private key of the service.")
    client_ca_file: str = Field(
        default="", description="PEM authorities that sign client certificates. Set: clients must present one (mTLS)."
    )
    reload_interval_s: float = Field(
        default=5.0, gt=0, description="How often, at most, the files are looked at, seconds."
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> TlsSettings:
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("cert_file and key_file belong together; set both or none")
        if self.client_ca_file and not self.cert_file:
            raise ValueError("client_ca_file needs cert_file and key_file as well")
        return self


class AuthSettings(Section):
    """Bearer tokens."""

    tokens_file: str = Field(
        default="",
        description="File of 'sha256-of-token tenant' lines. Empty: no authentication (loopback binds only, unless "
        "allow_anonymous_network).",
    )
    reload_interval_s: float = Field(
        default=1.0, gt=0, description="How often, at most, the file is looked at, seconds."
    )
    allow_anonymous_network: bool = Field(
        default=False, description="Start without authentication on an address that others can reach."
    )


class LimitSettings(Section):
    """What one process, one tenant, one call may ask for."""

    max_streams: int = Field(default=2048, ge=1, description="Open speech calls of the process, idle ones included.")
    max_text_chars: int = Field(default=100_000, ge=1, description="Characters in one call.")
    max_unary_text_chars: int = Field(default=1000, ge=1, description="Characters in one Synthesize call.")
    max_unary_audio_bytes: int = Field(
        default=3_500_000,
        ge=1,
        description="Audio in one Synthesize answer; clients refuse messages above 4 MiB by default.",
    )
    max_segments: int = Field(default=1000, ge=1, description="Segments in one stream.")
    max_instruct_chars: int = Field(default=4000, ge=1, description="Characters of an instruction or a transcript.")
    max_message_bytes: int = Field(
        default=16_777_216, ge=1024, description="Size of one received message, bytes (reference audio is the largest)."
    )
    max_reference_s: float = Field(default=60.0, gt=0, description="Length of reference audio, seconds.")
    tenant_streams: int = Field(default=0, ge=0, description="Open speech calls of one tenant. 0: no limit.")
    tenant_chars_per_minute: int = Field(default=0, ge=0, description="Characters of one tenant. 0: no limit.")


class TimeoutSettings(Section):
    """When the service gives up on a peer, seconds."""

    config_s: float = Field(default=15.0, gt=0, description="From the start of a stream to its first message, seconds.")
    idle_s: float = Field(default=120.0, gt=0, description="Without a message in either direction, seconds.")
    write_stall_s: float = Field(default=30.0, gt=0, description="A reader that takes nothing, seconds.")
    call_s: float = Field(default=3600.0, gt=0, description="Any speech call, seconds.")
    close_s: float = Field(default=5.0, gt=0, description="Waiting for a vanished reader to take its status, seconds.")
    refusal_linger_s: float = Field(
        default=0.005,
        ge=0,
        description="Before the status of a failed SynthesizeStream leaves: a caller that is still sending its first "
        "messages when the status arrives may see its own write fail instead of the status, seconds.",
    )
    half_close_settle_s: float = Field(
        default=0.005,
        ge=0,
        description="After the end of a caller's messages, before it is taken for a half-close: a cancelled call looks "
        "the same for a moment, seconds.",
    )


class PacingSettings(Section):
    """How audio leaves."""

    default_chunk_ms: int = Field(
        default=80, ge=20, le=5000, description="Audio per message when the caller does not say, milliseconds."
    )
    default_lead_ms: int = Field(
        default=10_000,
        ge=100,
        description="How far audio may run ahead of a listener when neither the caller nor its class says, "
        "milliseconds; batch is not paced.",
    )


class DrainSettings(Section):
    """What happens between SIGTERM and the end."""

    grace_s: float = Field(default=30.0, ge=0, description="Open calls get this long to end, seconds.")
    retry_after_s: float = Field(default=1.0, gt=0, description="What refused callers are told meanwhile, seconds.")
    readiness_interval_s: float = Field(
        default=0.2, gt=0, description="How often the health service follows the readiness of the engine, seconds."
    )


class KeepaliveSettings(Section):
    """HTTP/2 pings."""

    ping_interval_s: float = Field(
        default=60.0, gt=0, description="The service's own pings on quiet connections, seconds."
    )
    ping_timeout_s: float = Field(
        default=20.0, gt=0, description="An unanswered ping closes the connection after this, seconds."
    )
    min_client_ping_s: float = Field(
        default=5.0, gt=0, description="Clients that ping more often are told to go away, seconds."
    )


class LogSettings(Section):
    """Logging to stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level written.")
    format: Literal["json", "text"] = Field(default="json", description="json: one object per line | text.")
    text_hash_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key of the hash that stands for a text in logs and spans. Empty: a random one per start.",
    )


class TracingSettings(Section):
    """OpenTelemetry."""

    endpoint: str = Field(
        default="", description="OTLP/gRPC collector, e.g. http://127.0.0.1:4317 (extra 'otlp'). Empty: no tracing."
    )
    sample_ratio: float = Field(default=1.0, ge=0, le=1, description="Share of traces kept when the caller has none.")


class VoiceSettings(Section):
    """Voices beyond those of the checkpoint."""

    directory: str = Field(default="", description="Where cloned and designed voices are kept. Empty: in memory only.")
    default: str = Field(
        default="", description="Voice of a request that names none. Empty: the only speaker, else none."
    )
    aliases: dict[str, str] = Field(
        default_factory=dict, description="Other names for voices, e.g. those that ready-made clients ask for."
    )


class TextSettings(Section):
    """The text front end."""

    normalize: bool = Field(default=True, description="Write out numbers, dates, units... unless a request says no.")
    lexicon_file: str = Field(default="", description="TOML file of replacements by word or pattern. Empty: none.")
    disabled_rules: tuple[str, ...] = Field(default=(), description="Normalization rules to leave out, by name.")


class ServerSettings(Section):
    """The gRPC service and everything around it."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=50051, ge=0, le=65535, description="gRPC port. 0: any free one.")
    reflection: bool = Field(default=True, description="Serve the schema to tools such as grpcurl.")
    uvloop: bool = Field(default=True, description="Use uvloop's event loop where it is installed.")
    sidecar: SidecarSettings = Field(default=SidecarSettings(), description="HTTP port for probes and metrics.")
    tls: TlsSettings = Field(default=TlsSettings(), description="TLS and mTLS.")
    auth: AuthSettings = Field(default=AuthSettings(), description="Who may call.")
    limits: LimitSettings = Field(default=LimitSettings(), description="How much may be asked.")
    timeouts: TimeoutSettings = Field(default=TimeoutSettings(), description="When a peer is given up.")
    pacing: PacingSettings = Field(default=PacingSettings(), description="How audio leaves.")
    drain: DrainSettings = Field(default=DrainSettings(), description="What happens between SIGTERM and the end.")
    keepalive: KeepaliveSettings = Field(default=KeepaliveSettings(), description="HTTP/2 pings.")
    log: LogSettings = Field(default=LogSettings(), description="Logs.")
    tracing: TracingSettings = Field(default=TracingSettings(), description="Traces.")
    voices: VoiceSettings = Field(default=VoiceSettings(), description="Voices beyond the checkpoint's.")
    text: TextSettings = Field(default=TextSettings(), description="Text front end.")
