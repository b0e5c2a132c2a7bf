"""Composition root: the only place that wires settings, checkpoint, engine, text, voices and server together."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from qwentts_svc import __version__
from qwentts_svc.acoustic.config import ModelConfig, load_model_config
from qwentts_svc.acoustic.generation import GenerationDefaults, load_generation_defaults
from qwentts_svc.acoustic.hub import resolve_model
from qwentts_svc.acoustic.manifest import verify_manifest, weights_sha256
from qwentts_svc.audio.decode import decode_audio
from qwentts_svc.bridge.api import ModelInfo
from qwentts_svc.bridge.engine_client import EngineClient
from qwentts_svc.bridge.pieces import CutBudgets
from qwentts_svc.bridge.plan import RunawayBudget, SpeechTuning
from qwentts_svc.bridge.service import ServiceSettings, Speech
from qwentts_svc.codec.config import CodecConfig, load_codec_config
from qwentts_svc.config import RuntimeSettings, Settings
from qwentts_svc.engine_factory import EngineParts, build_engine
from qwentts_svc.heap import settle_heap
from qwentts_svc.observability.engine_share import EngineShare
from qwentts_svc.observability.logs import setup_logging
from qwentts_svc.observability.observer import NullObserver, Observer
from qwentts_svc.observability.prometheus import PrometheusObserver
from qwentts_svc.observability.tracing import make_provider, tracer_of
from qwentts_svc.runtime.device import DevicePlan, DeviceWish, plan_device
from qwentts_svc.runtime.qos import CLASSES, ClassDefaults
from qwentts_svc.server.configure import server_settings
from qwentts_svc.server.lifecycle import SpeechServer
from qwentts_svc.server.lifecycle import serve as serve_speech
from qwentts_svc.server.preflight import check_start
from qwentts_svc.text.lexicon_file import load_lexicon
from qwentts_svc.text.normalize import Normalizer, warm
from qwentts_svc.text.template import PromptTemplate
from qwentts_svc.text.tokenizer import TextTokenizer, load_tokenizer
from qwentts_svc.types import Priority, TokenSeq, VoicePrompt
from qwentts_svc.voices.registry import VoiceRegistry, open_directory

_LOG = logging.getLogger(__name__)

MAX_TEXT_CHARS = 2_000_000
"""Of one call, whatever the server's own limit is."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything of a checkpoint but its weights."""

    path: Path
    config: ModelConfig
    codec: CodecConfig
    generation: GenerationDefaults
    tokenizer: TextTokenizer


def load_checkpoint(settings: Settings) -> Checkpoint:
    """Find and read a checkpoint's small files. Raises ModelError naming the file, field or tensor."""
    path = resolve_model(settings.model.path, settings.model.revision or None)
    verify_manifest(path)
    config = load_model_config(path)
    codec = load_codec_config(path / "speech_tokenizer")
    talker = config.talker
    codec.check_codes(talker.num_code_groups, max(talker.num_codes, talker.predictor.vocab_size))
    tokenizer = load_tokenizer(path, regex=settings.model.tokenizer_regex)
    return Checkpoint(path, config, codec, load_generation_defaults(path), tokenizer)


class App:
    """A loaded model with its engine running; made by ``build``."""

    def __init__(self, service: Speech, checkpoint: Checkpoint, parts: EngineParts, settings: Settings) -> None:
        self.service = service
        self._checkpoint = checkpoint
        self._parts = parts
        self._settings = settings

    async def encode_reference(self, path: Path, ref_text: str | None) -> VoicePrompt:
        """The voice of a recording, exactly as it is (no silence is appended). Raises InputError."""
        rate = self._checkpoint.codec.input_sample_rate
        limit_s = self._settings.server.limits.max_reference_s
        pcm = await asyncio.to_thread(decode_audio, path, rate, max_s=limit_s)
        return await self.service.encode_reference(pcm, ref_text)

    def stage_seconds(self) -> Mapping[str, float]:
        """Seconds of work since the start: ``talker``, ``code_predictor``, ``codec``, as far as measured."""
        return self._parts.stage_seconds()

    def tokenize(self, text: str) -> TokenSeq:
        """Token ids of a text as it is."""
        return self._checkpoint.tokenizer.encode(text)


@asynccontextmanager
async def build(settings: Settings, observer: Observer | None = None) -> AsyncIterator[App]:
    """Load the model, start the engine thread, stop it at the end. Raises ModelError, InputError."""
    voices = Path(settings.server.voices.directory) if settings.server.voices.directory else None
    if voices is not None:
        open_directory(voices)
    normalizer = _normalizer(settings)
    checkpoint = await asyncio.to_thread(load_checkpoint, settings)
    wish = _wish(settings)
    device = plan_device(wish, checkpoint.config)
    parts = EngineParts()
    classes = _classes(settings.runtime)
    client = EngineClient(
        lambda: build_engine(
            checkpoint.path, settings, wish, device, classes, checkpoint.generation, observer or NullObserver(), parts
        ),
        watchdog_s=settings.runtime.step_hang_s,
    )
    try:
        await asyncio.gather(client.start(), *_warming(settings))
        sha256 = await asyncio.to_thread(weights_sha256, checkpoint.path)
        info = _model_info(checkpoint, device, sha256)
        registry = VoiceRegistry(voices, f"{info.name}:{sha256}")
        service = Speech(
            client,
            info,
            PromptTemplate(checkpoint.tokenizer),
            checkpoint.generation,
            registry,
            _service_settings(settings, classes, checkpoint.codec.frame_rate),
            groups=checkpoint.config.talker.num_code_groups,
            normalize=normalizer.normalize,
        )
        yield App(service, checkpoint, parts, settings)
    finally:
        if not await client.stop():
            _LOG.error("the engine did not stop in time", extra={"fields": {"threads": threading.active_count()}})


def serve(settings: Settings) -> int:
    """Run the service until SIGTERM or SIGINT; the process's exit code."""
    setup_logging(settings.server.log.level, json_lines=settings.server.log.format == "json")
    factory = None
    if settings.server.uvloop:
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(_serve(settings))


WORKERS = 4
"""Threads for what would hold up the event loop. They share one interpreter: more of them would only take turns."""


_SWITCH_S = 0.001
"""How long a thread may keep the interpreter from another that waits for it. The event loop waits for it after every
pause, the engine after every call of the device; a worker with a text would keep it five times as long by default."""


def _hire_workers() -> None:
    """Give the running loop a worker pool whose threads are all there from the start, so that their number tells a leak
    from a pool that grows."""
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="qwentts-worker")
    together = threading.Barrier(WORKERS)
    for _ in range(WORKERS):
        pool.submit(together.wait)
    asyncio.get_running_loop().set_default_executor(pool)


async def _serve(settings: Settings) -> int:
    sys.setswitchinterval(_SWITCH_S)
    _hire_workers()
    server = server_settings(settings.server)
    check_start(server)
    provider = make_provider(server.tracing.endpoint, sample_ratio=server.tracing.sample_ratio, version=__version__)
    metrics = PrometheusObserver()

    def started(running: SpeechServer) -> None:
        settle_heap()
        _LOG.info("ready", extra={"fields": {"stage": "ready", "port": running.port}})

    try:
        async with build(settings, EngineShare(metrics)) as app:
            return await serve_speech(
                app.service, server, metrics, metrics=metrics.exposition, tracer=tracer_of(provider), on_started=started
            )
    finally:
        if provider is not None:
            provider.shutdown()


def _wish(settings: Settings) -> DeviceWish:
    model, runtime = settings.model, settings.runtime
    return DeviceWish(
        device=model.device,
        dtype=model.dtype,
        codec_dtype=model.codec_dtype,
        attention=model.attention,
        profile=runtime.profile,
        invariant=runtime.numerics == "invariant",
        max_rows=runtime.max_rows,
        max_slots=runtime.max_slots,
        kv_blocks=runtime.kv_blocks,
        kv_memory_mib=runtime.kv_memory_mib,
        block_size=runtime.block_size,
        threads=runtime.intra_op_threads,
    )


def _model_info(checkpoint: Checkpoint, device: DevicePlan, sha256: str) -> ModelInfo:
    config, codec = checkpoint.config, checkpoint.codec
    return ModelInfo(
        name=checkpoint.path.name,
        model_type=config.model_type,
        size=config.size,
        sha256=sha256,
        sample_rate=codec.output_sample_rate,
        reference_rate=codec.input_sample_rate,
        samples_per_frame=codec.decode_upsample_rate,
        languages=config.talker.spoken_languages,
        speakers=tuple(config.talker.speakers),
        supports_instruct=config.supports_instruct,
        supports_cloning=config.supports_cloning,
        max_text_chars=MAX_TEXT_CHARS,
        max_frames=checkpoint.generation.max_new_tokens - 1,
        device=str(device.device),
        dtype=device.dtype_name,
    )


def _classes(runtime: RuntimeSettings) -> dict[Priority, ClassDefaults]:
    """The engine's class defaults with the settings' figures."""
    wanted = {
        Priority.INTERACTIVE: runtime.classes.interactive,
        Priority.STANDARD: runtime.classes.standard,
        Priority.BATCH: runtime.classes.batch,
    }
    return {
        priority: replace(
            CLASSES[priority],
            first_audio_deadline_s=wish.max_latency_ms / 1000,
            window_s=wish.micro_window_ms / 1000,
            max_lead_s=wish.max_lead_ms / 1000 or None,
            queue_limit=wish.queue_limit,
        )
        for priority, wish in wanted.items()
    }


def _service_settings(
    settings: Settings, classes: Mapping[Priority, ClassDefaults], frame_rate: float
) -> ServiceSettings:
    runtime, server = settings.runtime, settings.server
    guard = runtime.runaway.at(frame_rate)
    return ServiceSettings(
        classes=classes,
        tuning=SpeechTuning(
            budgets=CutBudgets(runtime.segments.first_s, runtime.segments.max_s),
            runaway=RunawayBudget(guard.enabled, guard.base_frames, guard.frames_per_token),
            lookahead=runtime.segments.lookahead,
            parallel=runtime.segments.parallel,
            skip_plain=not server.text.lexicon_file,
        ),
        aliases=server.voices.aliases,
        default_voice=server.voices.default,
        normalize=server.text.normalize,
        max_sessions=server.limits.max_streams,
        max_instruct_chars=server.limits.max_instruct_chars,
    )


def _warming(settings: Settings) -> list[Awaitable[None]]:
    """What the first request would otherwise wait for, with the event loop; done while the weights are read."""
    wanted = settings.runtime.warm_up and settings.server.text.normalize
    return [asyncio.to_thread(warm)] if wanted else []


def _normalizer(settings: Settings) -> Normalizer:
    text = settings.server.text
    lexicon = load_lexicon(Path(text.lexicon_file)) if text.lexicon_file else None
    return Normalizer(lexicon=lexicon, disabled=text.disabled_rules)
