"""pb2 -> domain: every rule on what a caller may send, each violation an InputError that names the field."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, TypeVar

from google.protobuf.message import DecodeError as ProtoDecodeError
from google.protobuf.message import Message

from qwentts_svc.errors import InputError
from qwentts_svc.server.calls import Call
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.settings import LimitSettings, PacingSettings
from qwentts_svc.types import Layout, Priority, SamplingOverrides, SynthesisRequest

MessageT = TypeVar("MessageT", bound=Message)

MAX_NAME_CHARS: Final = 128
_VOICE_NAME: Final = re.compile(r"[^\W_][\w.-]{0,63}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
OPUS_RATES: Final = (8000, 12000, 16000, 24000, 48000)

LAYOUTS: Final[dict[int, Layout]] = {
    pb.LAYOUT_UNSPECIFIED: Layout.AUTO,
    pb.LAYOUT_AUTO: Layout.AUTO,
    pb.LAYOUT_STREAMING: Layout.STREAMING,
    pb.LAYOUT_FULL: Layout.FULL,
}
PRIORITIES: Final[dict[int, Priority]] = {
    pb.PRIORITY_UNSPECIFIED: Priority.INTERACTIVE,
    pb.PRIORITY_INTERACTIVE: Priority.INTERACTIVE,
    pb.PRIORITY_STANDARD: Priority.STANDARD,
    pb.PRIORITY_BATCH: Priority.BATCH,
}


@dataclass(frozen=True, slots=True)
class Output:
    """How audio is to be encoded. ``sample_rate`` 0: the model's native rate."""

    format: pb.AudioFormat
    sample_rate: int
    chunk_ms: int


@dataclass(frozen=True, slots=True)
class Wish:
    """A validated ``SynthesisConfig``."""

    request: SynthesisRequest
    output: Output


def parse(kind: type[MessageT], raw: bytes) -> MessageT:
    """Decode a message. Raises InputError for bytes that are not one, invalid UTF-8 in a string included."""
    message = kind()
    try:
        message.ParseFromString(raw)
    except (ProtoDecodeError, UnicodeDecodeError):
        text = f"not a valid {kind.DESCRIPTOR.name} message (strings must be UTF-8)"
        raise InputError(text, field="", reason="MALFORMED_MESSAGE") from None
    return message


def wish_of(
    config: pb.SynthesisConfig,
    call: Call,
    limits: LimitSettings,
    pacing: PacingSettings,
    *,
    default_format: pb.AudioFormat,
) -> Wish:
    """Validate a config and fill in the defaults that are the server's own. Raises InputError."""
    priority = _member(PRIORITIES, config.priority, "config.priority")
    max_latency_ms = _in_range(config, "max_latency_ms", 1, 600_000)
    max_frames = _in_range(config, "max_frames", 1, 2**31 - 1)
    seed = _in_range(config, "seed", 0, 2**63 - 1)
    if len(config.instruct) > limits.max_instruct_chars:
        message = f"instruct has {len(config.instruct)} characters; at most {limits.max_instruct_chars} are allowed"
        raise InputError(message, field="config.instruct", reason="TEXT_TOO_LONG")
    request = SynthesisRequest(
        request_id=call.ids.req_id,
        voice=name_of(config.voice, "config.voice"),
        language=name_of(config.language, "config.language") or "auto",
        instruct=config.instruct,
        layout=_member(LAYOUTS, config.layout, "config.layout"),
        seed=seed,
        sampling=_sampling(config.sampling),
        max_frames=max_frames,
        priority=priority,
        max_latency_ms=max_latency_ms,
        max_lead_ms=_lead(config, priority),
        session_id=name_of(config.session_id, "config.session_id"),
        normalize=config.normalize if config.HasField("normalize") else True,
        raw_text=config.raw_text,
        trim_leading_silence=config.trim_leading_silence if config.HasField("trim_leading_silence") else True,
        tenant=call.tenant,
        deadline_s=call.deadline_s,
    )
    name_of(config.client_request_id, "config.client_request_id")
    return Wish(request, _output(config.audio, pacing, default_format))


def text_of(text: str, field: str, max_chars: int, *, streaming_rpc: str = "") -> str:
    """Check a whole text: something to speak, not too long. Raises InputError."""
    if not text.strip():
        raise nothing_to_speak(field)
    if len(text) > max_chars:
        hint = f"; use {streaming_rpc} for longer texts" if streaming_rpc else "; split it into several calls"
        message = f"text has {len(text)} characters; at most {max_chars} are allowed{hint}"
        raise InputError(message, field=field, reason="TEXT_TOO_LONG")
    return text


def nothing_to_speak(field: str) -> InputError:
    """The refusal of a text that is empty, or holds only characters that are never heard (zero-width, control...)."""
    return InputError("text holds nothing to speak: send at least one word", field=field, reason="EMPTY_TEXT")


def name_of(name: str, field: str) -> str:
    """Check a name or identifier: short, no control characters. Raises InputError."""
    if len(name) > MAX_NAME_CHARS:
        raise InputError(f"{field} has {len(name)} characters; at most {MAX_NAME_CHARS} are allowed", field=field)
    if _CONTROL.search(name):
        raise InputError(f"{field} must not hold control characters", field=field)
    return name


def new_voice_name(name: str) -> str:
    """Check the name of a voice to be made. Raises InputError."""
    if not _VOICE_NAME.fullmatch(name):
        message = "name must be 1 to 64 letters, digits, '-', '_' or '.', starting with a letter or digit"
        raise InputError(message, field="name")
    return name


def played_of(value: float, field: str) -> float:
    """Check a played position. Raises InputError."""
    if not math.isfinite(value) or value < 0:
        raise InputError(f"{field} must be a finite number of milliseconds, 0 or more", field=field)
    return value


def _output(audio: pb.AudioOutput, pacing: PacingSettings, default_format: pb.AudioFormat) -> Output:
    encoding = audio.format or default_format
    if encoding not in pb.AudioFormat.values():
        raise InputError(f"audio format {audio.format} is not known", field="config.audio.format")
    rate = audio.sample_rate_hz
    if rate and not 8000 <= rate <= 48000:
        message = f"sample_rate_hz is {rate}; use 8000 to 48000, or 0 for the model's native rate"
        raise InputError(message, field="config.audio.sample_rate_hz")
    if rate and encoding == pb.AUDIO_FORMAT_OGG_OPUS and rate not in OPUS_RATES:
        message = f"sample_rate_hz is {rate}; Opus takes {', '.join(map(str, OPUS_RATES))}"
        raise InputError(message, field="config.audio.sample_rate_hz")
    chunk_ms = audio.chunk_ms or pacing.default_chunk_ms
    if not 20 <= chunk_ms <= 5000:
        raise InputError(f"chunk_ms is {chunk_ms}; use 20 to 5000, or 0 for the default", field="config.audio.chunk_ms")
    return Output(encoding, rate, chunk_ms)


def _lead(config: pb.SynthesisConfig, priority: Priority) -> int | None:
    if not config.HasField("max_lead_ms"):
        return None
    field, lead_ms = "config.max_lead_ms", config.max_lead_ms
    if lead_ms == 0:
        if priority is not Priority.BATCH:
            message = "max_lead_ms = 0 (no pacing) is for PRIORITY_BATCH only; use 100 to 600000"
            raise InputError(message, field=field)
        return None
    if not 100 <= lead_ms <= 600_000:
        raise InputError(f"max_lead_ms is {lead_ms}; use 100 to 600000", field=field)
    return lead_ms


def _sampling(sampling: pb.Sampling) -> SamplingOverrides:
    return SamplingOverrides(
        do_sample=sampling.do_sample if sampling.HasField("do_sample") else None,
        temperature=_ratio(sampling, "temperature", 10.0),
        top_k=_count(sampling, "top_k"),
        top_p=_ratio(sampling, "top_p", 1.0),
        repetition_penalty=_ratio(sampling, "repetition_penalty", 10.0),
        subtalker_do_sample=sampling.subtalker_do_sample if sampling.HasField("subtalker_do_sample") else None,
        subtalker_temperature=_ratio(sampling, "subtalker_temperature", 10.0),
        subtalker_top_k=_count(sampling, "subtalker_top_k"),
        subtalker_top_p=_ratio(sampling, "subtalker_top_p", 1.0),
    )


def _ratio(sampling: pb.Sampling, name: str, most: float) -> float | None:
    """An optional number in (0, most]; NaN fails the comparison."""
    if not sampling.HasField(name):
        return None
    value = float(getattr(sampling, name))
    if not 0.0 < value <= most:
        raise InputError(f"{name} is {value}; it must be above 0 and at most {most:g}", field=f"config.sampling.{name}")
    return value


def _count(sampling: pb.Sampling, name: str) -> int | None:
    if not sampling.HasField(name):
        return None
    value = int(getattr(sampling, name))
    if value < 0:
        message = f"{name} is {value}; it must be 0 (off) or more"
        raise InputError(message, field=f"config.sampling.{name}")
    return value


def _in_range(config: pb.SynthesisConfig, name: str, least: int, most: int) -> int | None:
    if not config.HasField(name):
        return None
    value = int(getattr(config, name))
    if not least <= value <= most:
        raise InputError(f"{name} is {value}; use {least} to {most}", field=f"config.{name}")
    return value


EnumT = TypeVar("EnumT")


def _member(table: dict[int, EnumT], value: int, field: str) -> EnumT:
    if value not in table:
        raise InputError(f"{field} has the unknown value {value}", field=field)
    return table[value]
