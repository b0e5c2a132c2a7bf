from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Layout(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LAYOUT_UNSPECIFIED: _ClassVar[Layout]
    LAYOUT_AUTO: _ClassVar[Layout]
    LAYOUT_STREAMING: _ClassVar[Layout]
    LAYOUT_FULL: _ClassVar[Layout]

class Priority(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRIORITY_UNSPECIFIED: _ClassVar[Priority]
    PRIORITY_INTERACTIVE: _ClassVar[Priority]
    PRIORITY_STANDARD: _ClassVar[Priority]
    PRIORITY_BATCH: _ClassVar[Priority]

class AudioFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUDIO_FORMAT_UNSPECIFIED: _ClassVar[AudioFormat]
    AUDIO_FORMAT_PCM_S16: _ClassVar[AudioFormat]
    AUDIO_FORMAT_PCM_F32: _ClassVar[AudioFormat]
    AUDIO_FORMAT_WAV: _ClassVar[AudioFormat]
    AUDIO_FORMAT_FLAC: _ClassVar[AudioFormat]
    AUDIO_FORMAT_OGG_OPUS: _ClassVar[AudioFormat]
    AUDIO_FORMAT_MULAW: _ClassVar[AudioFormat]
    AUDIO_FORMAT_ALAW: _ClassVar[AudioFormat]

class FinishReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINISH_REASON_UNSPECIFIED: _ClassVar[FinishReason]
    FINISH_REASON_COMPLETE: _ClassVar[FinishReason]
    FINISH_REASON_INTERRUPTED: _ClassVar[FinishReason]
    FINISH_REASON_EMPTY_TEXT: _ClassVar[FinishReason]
    FINISH_REASON_LENGTH_LIMIT: _ClassVar[FinishReason]
    FINISH_REASON_RUNAWAY_STOPPED: _ClassVar[FinishReason]
    FINISH_REASON_CANCELLED: _ClassVar[FinishReason]

class ModelType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEL_TYPE_UNSPECIFIED: _ClassVar[ModelType]
    MODEL_TYPE_BASE: _ClassVar[ModelType]
    MODEL_TYPE_CUSTOM_VOICE: _ClassVar[ModelType]
    MODEL_TYPE_VOICE_DESIGN: _ClassVar[ModelType]

class VoiceKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VOICE_KIND_UNSPECIFIED: _ClassVar[VoiceKind]
    VOICE_KIND_PRESET: _ClassVar[VoiceKind]
    VOICE_KIND_DESIGNED: _ClassVar[VoiceKind]
    VOICE_KIND_CLONED: _ClassVar[VoiceKind]
LAYOUT_UNSPECIFIED: Layout
LAYOUT_AUTO: Layout
LAYOUT_STREAMING: Layout
LAYOUT_FULL: Layout
PRIORITY_UNSPECIFIED: Priority
PRIORITY_INTERACTIVE: Priority
PRIORITY_STANDARD: Priority
PRIORITY_BATCH: Priority
AUDIO_FORMAT_UNSPECIFIED: AudioFormat
AUDIO_FORMAT_PCM_S16: AudioFormat
AUDIO_FORMAT_PCM_F32: AudioFormat
AUDIO_FORMAT_WAV: AudioFormat
AUDIO_FORMAT_FLAC: AudioFormat
AUDIO_FORMAT_OGG_OPUS: AudioFormat
AUDIO_FORMAT_MULAW: AudioFormat
AUDIO_FORMAT_ALAW: AudioFormat
FINISH_REASON_UNSPECIFIED: FinishReason
FINISH_REASON_COMPLETE: FinishReason
FINISH_REASON_INTERRUPTED: FinishReason
FINISH_REASON_EMPTY_TEXT: FinishReason
FINISH_REASON_LENGTH_LIMIT: FinishReason
FINISH_REASON_RUNAWAY_STOPPED: FinishReason
FINISH_REASON_CANCELLED: FinishReason
MODEL_TYPE_UNSPECIFIED: ModelType
MODEL_TYPE_BASE: ModelType
MODEL_TYPE_CUSTOM_VOICE: ModelType
MODEL_TYPE_VOICE_DESIGN: ModelType
VOICE_KIND_UNSPECIFIED: VoiceKind
VOICE_KIND_PRESET: VoiceKind
VOICE_KIND_DESIGNED: VoiceKind
VOICE_KIND_CLONED: VoiceKind

class Sampling(_message.Message):
    __slots__ = ("do_sample", "temperature", "top_k", "top_p", "repetition_penalty", "subtalker_do_sample", "subtalker_temperature", "subtalker_top_k", "subtalker_top_p")
    DO_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    TOP_P_FIELD_NUMBER: _ClassVar[int]
    REPETITION_PENALTY_FIELD_NUMBER: _ClassVar[int]
    SUBTALKER_DO_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    SUBTALKER_TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    SUBTALKER_TOP_K_FIELD_NUMBER: _ClassVar[int]
    SUBTALKER_TOP_P_FIELD_NUMBER: _ClassVar[int]
    do_sample: bool
    temperature: float
    top_k: int
    top_p: float
    repetition_penalty: float
    subtalker_do_sample: bool
    subtalker_temperature: float
    subtalker_top_k: int
    subtalker_top_p: float
    def __init__(self, do_sample: _Optional[bool] = ..., temperature: _Optional[float] = ..., top_k: _Optional[int] = ..., top_p: _Optional[float] = ..., repetition_penalty: _Optional[float] = ..., subtalker_do_sample: _Optional[bool] = ..., subtalker_temperature: _Optional[float] = ..., subtalker_top_k: _Optional[int] = ..., subtalker_top_p: _Optional[float] = ...) -> None: ...

class AudioOutput(_message.Message):
    __slots__ = ("format", "sample_rate_hz", "chunk_ms")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    CHUNK_MS_FIELD_NUMBER: _ClassVar[int]
    format: AudioFormat
    sample_rate_hz: int
    chunk_ms: int
    def __init__(self, format: _Optional[_Union[AudioFormat, str]] = ..., sample_rate_hz: _Optional[int] = ..., chunk_ms: _Optional[int] = ...) -> None: ...

class SynthesisConfig(_message.Message):
    __slots__ = ("voice", "language", "instruct", "layout", "audio", "sampling", "seed", "max_frames", "priority", "max_latency_ms", "max_lead_ms", "session_id", "client_request_id", "normalize", "raw_text", "trim_leading_silence")
    VOICE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    INSTRUCT_FIELD_NUMBER: _ClassVar[int]
    LAYOUT_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    MAX_FRAMES_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    MAX_LATENCY_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_LEAD_MS_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NORMALIZE_FIELD_NUMBER: _ClassVar[int]
    RAW_TEXT_FIELD_NUMBER: _ClassVar[int]
    TRIM_LEADING_SILENCE_FIELD_NUMBER: _ClassVar[int]
    voice: str
    language: str
    instruct: str
    layout: Layout
    audio: AudioOutput
    sampling: Sampling
    seed: int
    max_frames: int
    priority: Priority
    max_latency_ms: int
    max_lead_ms: int
    session_id: str
    client_request_id: str
    normalize: bool
    raw_text: bool
    trim_leading_silence: bool
    def __init__(self, voice: _Optional[str] = ..., language: _Optional[str] = ..., instruct: _Optional[str] = ..., layout: _Optional[_Union[Layout, str]] = ..., audio: _Optional[_Union[AudioOutput, _Mapping]] = ..., sampling: _Optional[_Union[Sampling, _Mapping]] = ..., seed: _Optional[int] = ..., max_frames: _Optional[int] = ..., priority: _Optional[_Union[Priority, str]] = ..., max_latency_ms: _Optional[int] = ..., max_lead_ms: _Optional[int] = ..., session_id: _Optional[str] = ..., client_request_id: _Optional[str] = ..., normalize: _Optional[bool] = ..., raw_text: _Optional[bool] = ..., trim_leading_silence: _Optional[bool] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("max_text_chars", "max_unary_text_chars", "max_segments", "max_frames", "max_call_ms", "idle_timeout_ms", "max_message_bytes", "max_tenant_streams", "max_tenant_chars_per_minute")
    MAX_TEXT_CHARS_FIELD_NUMBER: _ClassVar[int]
    MAX_UNARY_TEXT_CHARS_FIELD_NUMBER: _ClassVar[int]
    MAX_SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    MAX_FRAMES_FIELD_NUMBER: _ClassVar[int]
    MAX_CALL_MS_FIELD_NUMBER: _ClassVar[int]
    IDLE_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_TENANT_STREAMS_FIELD_NUMBER: _ClassVar[int]
    MAX_TENANT_CHARS_PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    max_text_chars: int
    max_unary_text_chars: int
    max_segments: int
    max_frames: int
    max_call_ms: int
    idle_timeout_ms: int
    max_message_bytes: int
    max_tenant_streams: int
    max_tenant_chars_per_minute: int
    def __init__(self, max_text_chars: _Optional[int] = ..., max_unary_text_chars: _Optional[int] = ..., max_segments: _Optional[int] = ..., max_frames: _Optional[int] = ..., max_call_ms: _Optional[int] = ..., idle_timeout_ms: _Optional[int] = ..., max_message_bytes: _Optional[int] = ..., max_tenant_streams: _Optional[int] = ..., max_tenant_chars_per_minute: _Optional[int] = ...) -> None: ...

class EffectiveConfig(_message.Message):
    __slots__ = ("voice", "language", "layout", "audio", "sampling", "seed", "priority", "max_latency_ms", "max_lead_ms", "normalize", "raw_text", "trim_leading_silence", "max_frames")
    VOICE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    LAYOUT_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    MAX_LATENCY_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_LEAD_MS_FIELD_NUMBER: _ClassVar[int]
    NORMALIZE_FIELD_NUMBER: _ClassVar[int]
    RAW_TEXT_FIELD_NUMBER: _ClassVar[int]
    TRIM_LEADING_SILENCE_FIELD_NUMBER: _ClassVar[int]
    MAX_FRAMES_FIELD_NUMBER: _ClassVar[int]
    voice: str
    language: str
    layout: Layout
    audio: AudioOutput
    sampling: Sampling
    seed: int
    priority: Priority
    max_latency_ms: int
    max_lead_ms: int
    normalize: bool
    raw_text: bool
    trim_leading_silence: bool
    max_frames: int
    def __init__(self, voice: _Optional[str] = ..., language: _Optional[str] = ..., layout: _Optional[_Union[Layout, str]] = ..., audio: _Optional[_Union[AudioOutput, _Mapping]] = ..., sampling: _Optional[_Union[Sampling, _Mapping]] = ..., seed: _Optional[int] = ..., priority: _Optional[_Union[Priority, str]] = ..., max_latency_ms: _Optional[int] = ..., max_lead_ms: _Optional[int] = ..., normalize: _Optional[bool] = ..., raw_text: _Optional[bool] = ..., trim_leading_silence: _Optional[bool] = ..., max_frames: _Optional[int] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("characters", "text_tokens", "frames", "audio_ms", "queue_ms", "first_audio_ms", "synth_ms", "rtf")
    CHARACTERS_FIELD_NUMBER: _ClassVar[int]
    TEXT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    AUDIO_MS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_MS_FIELD_NUMBER: _ClassVar[int]
    FIRST_AUDIO_MS_FIELD_NUMBER: _ClassVar[int]
    SYNTH_MS_FIELD_NUMBER: _ClassVar[int]
    RTF_FIELD_NUMBER: _ClassVar[int]
    characters: int
    text_tokens: int
    frames: int
    audio_ms: float
    queue_ms: float
    first_audio_ms: float
    synth_ms: float
    rtf: float
    def __init__(self, characters: _Optional[int] = ..., text_tokens: _Optional[int] = ..., frames: _Optional[int] = ..., audio_ms: _Optional[float] = ..., queue_ms: _Optional[float] = ..., first_audio_ms: _Optional[float] = ..., synth_ms: _Optional[float] = ..., rtf: _Optional[float] = ...) -> None: ...

class Started(_message.Message):
    __slots__ = ("request_id", "config", "limits", "client_request_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    config: EffectiveConfig
    limits: Limits
    client_request_id: str
    def __init__(self, request_id: _Optional[str] = ..., config: _Optional[_Union[EffectiveConfig, _Mapping]] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., client_request_id: _Optional[str] = ...) -> None: ...

class Audio(_message.Message):
    __slots__ = ("data", "sequence", "segment_id", "start_ms", "end_ms", "text_end")
    DATA_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_ID_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    TEXT_END_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    sequence: int
    segment_id: int
    start_ms: float
    end_ms: float
    text_end: int
    def __init__(self, data: _Optional[bytes] = ..., sequence: _Optional[int] = ..., segment_id: _Optional[int] = ..., start_ms: _Optional[float] = ..., end_ms: _Optional[float] = ..., text_end: _Optional[int] = ...) -> None: ...

class SegmentEnd(_message.Message):
    __slots__ = ("segment_id", "flush_id", "reason", "audio_ms")
    SEGMENT_ID_FIELD_NUMBER: _ClassVar[int]
    FLUSH_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    AUDIO_MS_FIELD_NUMBER: _ClassVar[int]
    segment_id: int
    flush_id: str
    reason: FinishReason
    audio_ms: float
    def __init__(self, segment_id: _Optional[int] = ..., flush_id: _Optional[str] = ..., reason: _Optional[_Union[FinishReason, str]] = ..., audio_ms: _Optional[float] = ...) -> None: ...

class Interrupted(_message.Message):
    __slots__ = ("text_spoken", "text_remaining", "discarded_ms")
    TEXT_SPOKEN_FIELD_NUMBER: _ClassVar[int]
    TEXT_REMAINING_FIELD_NUMBER: _ClassVar[int]
    DISCARDED_MS_FIELD_NUMBER: _ClassVar[int]
    text_spoken: str
    text_remaining: str
    discarded_ms: float
    def __init__(self, text_spoken: _Optional[str] = ..., text_remaining: _Optional[str] = ..., discarded_ms: _Optional[float] = ...) -> None: ...

class Finished(_message.Message):
    __slots__ = ("usage", "reason")
    USAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    usage: Usage
    reason: FinishReason
    def __init__(self, usage: _Optional[_Union[Usage, _Mapping]] = ..., reason: _Optional[_Union[FinishReason, str]] = ...) -> None: ...

class Flush(_message.Message):
    __slots__ = ("flush_id",)
    FLUSH_ID_FIELD_NUMBER: _ClassVar[int]
    flush_id: str
    def __init__(self, flush_id: _Optional[str] = ...) -> None: ...

class Interrupt(_message.Message):
    __slots__ = ("played_ms",)
    PLAYED_MS_FIELD_NUMBER: _ClassVar[int]
    played_ms: float
    def __init__(self, played_ms: _Optional[float] = ...) -> None: ...

class Playback(_message.Message):
    __slots__ = ("played_ms",)
    PLAYED_MS_FIELD_NUMBER: _ClassVar[int]
    played_ms: float
    def __init__(self, played_ms: _Optional[float] = ...) -> None: ...

class KeepAlive(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SynthesizeStreamRequest(_message.Message):
    __slots__ = ("config", "text", "flush", "interrupt", "playback", "keep_alive")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    FLUSH_FIELD_NUMBER: _ClassVar[int]
    INTERRUPT_FIELD_NUMBER: _ClassVar[int]
    PLAYBACK_FIELD_NUMBER: _ClassVar[int]
    KEEP_ALIVE_FIELD_NUMBER: _ClassVar[int]
    config: SynthesisConfig
    text: str
    flush: Flush
    interrupt: Interrupt
    playback: Playback
    keep_alive: KeepAlive
    def __init__(self, config: _Optional[_Union[SynthesisConfig, _Mapping]] = ..., text: _Optional[str] = ..., flush: _Optional[_Union[Flush, _Mapping]] = ..., interrupt: _Optional[_Union[Interrupt, _Mapping]] = ..., playback: _Optional[_Union[Playback, _Mapping]] = ..., keep_alive: _Optional[_Union[KeepAlive, _Mapping]] = ...) -> None: ...

class SynthesizeStreamResponse(_message.Message):
    __slots__ = ("started", "audio", "segment_end", "interrupted", "finished")
    STARTED_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_END_FIELD_NUMBER: _ClassVar[int]
    INTERRUPTED_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    started: Started
    audio: Audio
    segment_end: SegmentEnd
    interrupted: Interrupted
    finished: Finished
    def __init__(self, started: _Optional[_Union[Started, _Mapping]] = ..., audio: _Optional[_Union[Audio, _Mapping]] = ..., segment_end: _Optional[_Union[SegmentEnd, _Mapping]] = ..., interrupted: _Optional[_Union[Interrupted, _Mapping]] = ..., finished: _Optional[_Union[Finished, _Mapping]] = ...) -> None: ...

class SynthesizeChunksRequest(_message.Message):
    __slots__ = ("text", "config")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    text: str
    config: SynthesisConfig
    def __init__(self, text: _Optional[str] = ..., config: _Optional[_Union[SynthesisConfig, _Mapping]] = ...) -> None: ...

class SynthesizeChunksResponse(_message.Message):
    __slots__ = ("started", "audio", "finished")
    STARTED_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    started: Started
    audio: Audio
    finished: Finished
    def __init__(self, started: _Optional[_Union[Started, _Mapping]] = ..., audio: _Optional[_Union[Audio, _Mapping]] = ..., finished: _Optional[_Union[Finished, _Mapping]] = ...) -> None: ...

class SynthesizeRequest(_message.Message):
    __slots__ = ("text", "config")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    text: str
    config: SynthesisConfig
    def __init__(self, text: _Optional[str] = ..., config: _Optional[_Union[SynthesisConfig, _Mapping]] = ...) -> None: ...

class SynthesizeResponse(_message.Message):
    __slots__ = ("audio", "request_id", "config", "reason", "usage", "client_request_id")
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    CLIENT_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    audio: bytes
    request_id: str
    config: EffectiveConfig
    reason: FinishReason
    usage: Usage
    client_request_id: str
    def __init__(self, audio: _Optional[bytes] = ..., request_id: _Optional[str] = ..., config: _Optional[_Union[EffectiveConfig, _Mapping]] = ..., reason: _Optional[_Union[FinishReason, str]] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., client_request_id: _Optional[str] = ...) -> None: ...

class Voice(_message.Message):
    __slots__ = ("name", "kind", "language", "instruct", "in_context")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    INSTRUCT_FIELD_NUMBER: _ClassVar[int]
    IN_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: VoiceKind
    language: str
    instruct: str
    in_context: bool
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[VoiceKind, str]] = ..., language: _Optional[str] = ..., instruct: _Optional[str] = ..., in_context: _Optional[bool] = ...) -> None: ...

class ListVoicesRequest(_message.Message):
    __slots__ = ("kind",)
    KIND_FIELD_NUMBER: _ClassVar[int]
    kind: VoiceKind
    def __init__(self, kind: _Optional[_Union[VoiceKind, str]] = ...) -> None: ...

class ListVoicesResponse(_message.Message):
    __slots__ = ("voices",)
    VOICES_FIELD_NUMBER: _ClassVar[int]
    voices: _containers.RepeatedCompositeFieldContainer[Voice]
    def __init__(self, voices: _Optional[_Iterable[_Union[Voice, _Mapping]]] = ...) -> None: ...

class GetVoiceRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetVoiceResponse(_message.Message):
    __slots__ = ("voice",)
    VOICE_FIELD_NUMBER: _ClassVar[int]
    voice: Voice
    def __init__(self, voice: _Optional[_Union[Voice, _Mapping]] = ...) -> None: ...

class ReferenceAudio(_message.Message):
    __slots__ = ("audio", "transcript", "append_silence")
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    APPEND_SILENCE_FIELD_NUMBER: _ClassVar[int]
    audio: bytes
    transcript: str
    append_silence: bool
    def __init__(self, audio: _Optional[bytes] = ..., transcript: _Optional[str] = ..., append_silence: _Optional[bool] = ...) -> None: ...

class VoiceDesign(_message.Message):
    __slots__ = ("instruct", "language")
    INSTRUCT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    instruct: str
    language: str
    def __init__(self, instruct: _Optional[str] = ..., language: _Optional[str] = ...) -> None: ...

class CreateVoiceRequest(_message.Message):
    __slots__ = ("name", "reference", "design")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    DESIGN_FIELD_NUMBER: _ClassVar[int]
    name: str
    reference: ReferenceAudio
    design: VoiceDesign
    def __init__(self, name: _Optional[str] = ..., reference: _Optional[_Union[ReferenceAudio, _Mapping]] = ..., design: _Optional[_Union[VoiceDesign, _Mapping]] = ...) -> None: ...

class CreateVoiceResponse(_message.Message):
    __slots__ = ("voice",)
    VOICE_FIELD_NUMBER: _ClassVar[int]
    voice: Voice
    def __init__(self, voice: _Optional[_Union[Voice, _Mapping]] = ...) -> None: ...

class DeleteVoiceRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DeleteVoiceResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetModelInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetModelInfoResponse(_message.Message):
    __slots__ = ("name", "model_type", "size", "weights_sha256", "sample_rate_hz", "samples_per_frame", "languages", "speakers", "supports_instruct", "supports_cloning", "device", "dtype", "service_version", "limits", "audio_formats")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MODEL_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_SHA256_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_PER_FRAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGES_FIELD_NUMBER: _ClassVar[int]
    SPEAKERS_FIELD_NUMBER: _ClassVar[int]
    SUPPORTS_INSTRUCT_FIELD_NUMBER: _ClassVar[int]
    SUPPORTS_CLONING_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    SERVICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FORMATS_FIELD_NUMBER: _ClassVar[int]
    name: str
    model_type: ModelType
    size: str
    weights_sha256: str
    sample_rate_hz: int
    samples_per_frame: int
    languages: _containers.RepeatedScalarFieldContainer[str]
    speakers: _containers.RepeatedScalarFieldContainer[str]
    supports_instruct: bool
    supports_cloning: bool
    device: str
    dtype: str
    service_version: str
    limits: Limits
    audio_formats: _containers.RepeatedScalarFieldContainer[AudioFormat]
    def __init__(self, name: _Optional[str] = ..., model_type: _Optional[_Union[ModelType, str]] = ..., size: _Optional[str] = ..., weights_sha256: _Optional[str] = ..., sample_rate_hz: _Optional[int] = ..., samples_per_frame: _Optional[int] = ..., languages: _Optional[_Iterable[str]] = ..., speakers: _Optional[_Iterable[str]] = ..., supports_instruct: _Optional[bool] = ..., supports_cloning: _Optional[bool] = ..., device: _Optional[str] = ..., dtype: _Optional[str] = ..., service_version: _Optional[str] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., audio_formats: _Optional[_Iterable[_Union[AudioFormat, str]]] = ...) -> None: ...
