"""Everything the server needs to know before it starts, as frozen values with safe defaults.

The configuration layer maps files and environment onto these; tests build them directly.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from qwentts_svc.errors import InputError


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Certificate files (PEM). They are read again when they change; existing connections keep their certificate."""

    cert_file: Path
    key_file: Path
    client_ca_file: Path | None = None
    """Set: clients must show a certificate signed by it (mTLS)."""
    reload_interval_s: float = 5.0
    """How often, at most, the files are looked at."""


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Bearer tokens, kept as SHA-256 only."""

    tokens_file: Path | None = None
    """Lines ``sha256-hex tenant``; ``#`` starts a comment. None: no authentication."""
    reload_interval_s: float = 1.0
    """How often, at most, the file is looked at."""
    allow_anonymous_network: bool = False
    """Start without authentication on an address other than loopback."""


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """Bounds of one call, one tenant and the process; 0 means no limit where the name starts with ``tenant_``."""

    max_streams: int = 2048
    """Open speech calls in the process, idle ones included."""
    max_text_chars: int = 100_000
    """Characters in one call."""
    max_unary_text_chars: int = 1000
    """Characters in one ``Synthesize`` call."""
    max_unary_audio_bytes: int = 3_500_000
    """Audio in one ``Synthesize`` answer; clients refuse messages above 4 MiB by default."""
    max_segments: int = 1000
    """Segments in one stream."""
    max_instruct_chars: int = 4000
    """Characters of an instruction or a transcript."""
    max_message_bytes: int = 16 * 1024 * 1024
    """Size of one received message (reference audio is the largest)."""
    max_reference_s: float = 60.0
    """Reference audio."""
    tenant_streams: int = 0
    """Open speech calls of one tenant."""
    tenant_chars_per_minute: int = 0
    """Characters of one tenant, over a bucket of one minute."""


@dataclass(frozen=True, slots=True)
class TimeoutSettings:
    """Durations after which a call is ended with DEADLINE_EXCEEDED, in seconds."""

    config_s: float = 15.0
    """From the start of a stream to its first message."""
    idle_s: float = 120.0
    """Without a message in either direction."""
    write_stall_s: float = 30.0
    """A reader that takes nothing."""
    call_s: float = 3600.0
    """Any speech call."""
    close_s: float = 5.0
    """Waiting for a vanished reader to take its status before the call is dropped."""
    refusal_linger_s: float = 0.005
    """Before the status of a failed stream: a caller still sending its first messages when the status arrives may see
    its own write fail instead of the status."""
    half_close_settle_s: float = 0.005
    """After the end of the caller's messages, before it is taken for a half-close: a cancelled call looks the same
    for a moment."""


@dataclass(frozen=True, slots=True)
class PacingSettings:
    """How audio leaves."""

    default_chunk_ms: int = 80
    """Audio per message when the caller does not say."""
    default_lead_ms: int = 10_000
    """How far audio may run ahead of a listener when neither the caller nor its class says; batch is not paced."""


@dataclass(frozen=True, slots=True)
class SidecarSettings:
    """The HTTP port for probes and metrics."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 9090
    """0 picks a free one."""


@dataclass(frozen=True, slots=True)
class DrainSettings:
    """What happens between SIGTERM and the end."""

    grace_s: float = 30.0
    """Open calls get this long to end."""
    retry_after_s: float = 1.0
    """What refused callers are told meanwhile."""
    readiness_interval_s: float = 0.2
    """How often the health service follows the readiness of the engine."""


@dataclass(frozen=True, slots=True)
class KeepaliveSettings:
    """HTTP/2 pings, in seconds."""

    ping_interval_s: float = 60.0
    """The server's own pings on quiet connections."""
    ping_timeout_s: float = 20.0
    """An unanswered ping closes the connection."""
    min_client_ping_s: float = 5.0
    """Clients that ping more often are told to go away."""


@dataclass(frozen=True, slots=True)
class TracingSettings:
    """OpenTelemetry export; needs the ``otlp`` extra."""

    endpoint: str = ""
    """OTLP/gRPC address; empty: no tracing."""
    sample_ratio: float = 1.0


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """All of it."""

    host: str = "127.0.0.1"
    port: int = 50051
    """0 picks a free one."""
    tls: TlsSettings | None = None
    auth: AuthSettings = field(default_factory=AuthSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    timeouts: TimeoutSettings = field(default_factory=TimeoutSettings)
    pacing: PacingSettings = field(default_factory=PacingSettings)
    sidecar: SidecarSettings = field(default_factory=SidecarSettings)
    drain: DrainSettings = field(default_factory=DrainSettings)
    keepalive: KeepaliveSettings = field(default_factory=KeepaliveSettings)
    tracing: TracingSettings = field(default_factory=TracingSettings)
    reflection: bool = True
    """Serve the descriptors, for tools like grpcurl."""
    text_hash_key: bytes = field(default=b"", repr=False)
    """Key of the hash that stands for a text in logs and spans. Empty: a random one per start."""

    def check(self) -> None:
        """Raise InputError for a combination that must not start."""
        if self.auth.tokens_file is None and not self.auth.allow_anonymous_network and not is_loopback(self.host):
            message = (
                f"refusing to listen on {self.host} without authentication: set auth.tokens_file, bind to 127.0.0.1, "
                "or set auth.allow_anonymous_network = true"
            )
            raise InputError(message, field="auth.tokens_file")


def is_loopback(host: str) -> bool:
    """True for ``localhost``, loopback addresses and Unix sockets."""
    if host == "localhost" or host.startswith("unix:"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
