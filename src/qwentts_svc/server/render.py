"""Domain -> pb2: answers as the contract words them."""

from __future__ import annotations

from typing import Final

from qwentts_svc import __version__
from qwentts_svc.bridge.api import EffectiveConfig, Interrupted, ModelInfo, SegmentEnd
from qwentts_svc.server.calls import Call
from qwentts_svc.server.convert import Output, Wish
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.settings import ServerSettings
from qwentts_svc.types import FinishReason, Layout, ModelType, Priority, Usage, Voice

LAYOUTS: Final = {
    Layout.AUTO: pb.LAYOUT_AUTO,
    Layout.STREAMING: pb.LAYOUT_STREAMING,
    Layout.FULL: pb.LAYOUT_FULL,
}
PRIORITIES: Final = {
    Priority.INTERACTIVE: pb.PRIORITY_INTERACTIVE,
    Priority.STANDARD: pb.PRIORITY_STANDARD,
    Priority.BATCH: pb.PRIORITY_BATCH,
}
REASONS: Final = {
    FinishReason.COMPLETE: pb.FINISH_REASON_COMPLETE,
    FinishReason.INTERRUPTED: pb.FINISH_REASON_INTERRUPTED,
    FinishReason.EMPTY_TEXT: pb.FINISH_REASON_EMPTY_TEXT,
    FinishReason.LENGTH_LIMIT: pb.FINISH_REASON_LENGTH_LIMIT,
    FinishReason.RUNAWAY_STOPPED: pb.FINISH_REASON_RUNAWAY_STOPPED,
    FinishReason.CANCELLED: pb.FINISH_REASON_CANCELLED,
}
MODEL_TYPES: Final = {
    ModelType.BASE: pb.MODEL_TYPE_BASE,
    ModelType.CUSTOM_VOICE: pb.MODEL_TYPE_CUSTOM_VOICE,
    ModelType.VOICE_DESIGN: pb.MODEL_TYPE_VOICE_DESIGN,
}
AUDIO_FORMATS: Final = (
    pb.AUDIO_FORMAT_PCM_S16,
    pb.AUDIO_FORMAT_PCM_F32,
    pb.AUDIO_FORMAT_WAV,
    pb.AUDIO_FORMAT_FLAC,
    pb.AUDIO_FORMAT_OGG_OPUS,
    pb.AUDIO_FORMAT_MULAW,
    pb.AUDIO_FORMAT_ALAW,
)
VOICE_KINDS: Final = {
    "preset": pb.VOICE_KIND_PRESET,
    "designed": pb.VOICE_KIND_DESIGNED,
    "cloned": pb.VOICE_KIND_CLONED,
}


def started(call: Call, config: pb.EffectiveConfig, limits: pb.Limits) -> pb.Started:
    """The first answer of a call."""
    return pb.Started(
        request_id=call.ids.req_id, config=config, limits=limits, client_request_id=call.client_request_id
    )


def effective_config(
    effective: EffectiveConfig, wish: Wish, output: Output, max_lead_ms: float | None
) -> pb.EffectiveConfig:
    """What a call really does. ``output`` has its sample rate resolved; ``max_lead_ms`` None: not paced."""
    talker, sub = effective.sampling.talker, effective.sampling.subtalker
    return pb.EffectiveConfig(
        voice=effective.voice,
        language=effective.language,
        layout=LAYOUTS[effective.layout],
        audio=pb.AudioOutput(format=output.format, sample_rate_hz=output.sample_rate, chunk_ms=output.chunk_ms),
        sampling=pb.Sampling(
            do_sample=talker.do_sample,
            temperature=talker.temperature,
            top_k=talker.top_k,
            top_p=talker.top_p,
            repetition_penalty=talker.repetition_penalty,
            subtalker_do_sample=sub.do_sample,
            subtalker_temperature=sub.temperature,
            subtalker_top_k=sub.top_k,
            subtalker_top_p=sub.top_p,
        ),
        seed=effective.sampling.seed,
        priority=PRIORITIES[effective.priority],
        max_latency_ms=effective.max_latency_ms,
        max_lead_ms=None if max_lead_ms is None else round(max_lead_ms),
        normalize=wish.request.normalize,
        raw_text=wish.request.raw_text,
        trim_leading_silence=wish.request.trim_leading_silence,
        max_frames=wish.request.max_frames,
    )


def usage(value: Usage) -> pb.Usage:
    """What a call cost."""
    return pb.Usage(
        characters=value.characters,
        text_tokens=value.text_tokens,
        frames=value.frames,
        audio_ms=value.audio_ms,
        queue_ms=value.queue_ms,
        first_audio_ms=value.first_audio_ms,
        synth_ms=value.synth_ms,
        rtf=value.rtf,
    )


def segment_end(end: SegmentEnd) -> pb.SegmentEnd:
    """The end of a segment."""
    return pb.SegmentEnd(
        segment_id=end.segment, flush_id=end.flush_id, reason=REASONS[end.reason], audio_ms=end.audio_ms
    )


def interrupted(event: Interrupted) -> pb.Interrupted:
    """The answer to an interrupt."""
    return pb.Interrupted(
        text_spoken=event.text_spoken, text_remaining=event.text_remaining, discarded_ms=event.discarded_ms
    )


def voice(value: Voice) -> pb.Voice:
    """A voice as callers see it."""
    return pb.Voice(
        name=value.name,
        kind=VOICE_KINDS.get(value.kind, pb.VOICE_KIND_UNSPECIFIED),
        language=value.language or "",
        instruct=value.instruct or "",
        in_context=value.prompt is not None and value.prompt.ref_codes is not None,
    )


def limits(settings: ServerSettings, info: ModelInfo) -> pb.Limits:
    """The limits in force: the tighter of the server's and the model's."""
    own = settings.limits
    return pb.Limits(
        max_text_chars=min(own.max_text_chars, info.max_text_chars),
        max_unary_text_chars=min(own.max_unary_text_chars, own.max_text_chars, info.max_text_chars),
        max_segments=own.max_segments,
        max_frames=info.max_frames,
        max_call_ms=round(settings.timeouts.call_s * 1000),
        idle_timeout_ms=round(settings.timeouts.idle_s * 1000),
        max_message_bytes=own.max_message_bytes,
        max_tenant_streams=own.tenant_streams,
        max_tenant_chars_per_minute=own.tenant_chars_per_minute,
    )


def model_info(info: ModelInfo, settings: ServerSettings) -> pb.GetModelInfoResponse:
    """The loaded model."""
    return pb.GetModelInfoResponse(
        name=info.name,
        model_type=MODEL_TYPES[info.model_type],
        size=info.size,
        weights_sha256=info.sha256,
        sample_rate_hz=info.sample_rate,
        samples_per_frame=info.samples_per_frame,
        languages=info.languages,
        speakers=info.speakers,
        supports_instruct=info.supports_instruct,
        supports_cloning=info.supports_cloning,
        device=info.device,
        dtype=info.dtype,
        service_version=__version__,
        limits=limits(settings, info),
        audio_formats=AUDIO_FORMATS,
    )
