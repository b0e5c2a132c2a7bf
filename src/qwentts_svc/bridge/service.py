"""``SpeechService`` over an engine: validates requests against the loaded model, resolves defaults, opens sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qwentts_svc.acoustic.generation import GenerationDefaults, resolve_sampling
from qwentts_svc.bridge.api import ModelInfo, Readiness
from qwentts_svc.bridge.engine_client import EngineClient
from qwentts_svc.bridge.plan import SpeechPlan, SpeechTuning
from qwentts_svc.bridge.session import Session
from qwentts_svc.bridge.workbench import Workbench
from qwentts_svc.errors import InputError, NotFoundError, QosError, UnavailableError
from qwentts_svc.runtime.qos import ClassDefaults
from qwentts_svc.text.incremental import NormalizeText
from qwentts_svc.text.template import PromptTemplate
from qwentts_svc.types import Layout, ModelType, Pcm, Priority, SynthesisRequest, Voice, VoicePrompt
from qwentts_svc.voices.registry import VoiceRegistry


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """``aliases``: other names for voices. ``default_voice``: of requests that name none. ``max_sessions``: open
    sessions, idle ones included."""

    classes: Mapping[Priority, ClassDefaults]
    tuning: SpeechTuning = field(default_factory=SpeechTuning)
    aliases: Mapping[str, str] = field(default_factory=dict)
    default_voice: str = ""
    normalize: bool = True
    """False: texts are spoken as they are written, whatever a request says."""
    max_sessions: int = 4096
    max_instruct_chars: int = 2000


class Speech:
    """Implements ``SpeechService``. Lives on the event loop."""

    def __init__(
        self,
        client: EngineClient,
        info: ModelInfo,
        template: PromptTemplate,
        defaults: GenerationDefaults,
        voices: VoiceRegistry,
        settings: ServiceSettings,
        *,
        groups: int,
        normalize: NormalizeText | None = None,
    ) -> None:
        self._client = client
        self._info = info
        self._template = template
        self._defaults = defaults
        self._voices = voices
        self._settings = settings
        self._groups = groups
        self._normalize = normalize
        self._sessions = 0
        self._workbench = Workbench()
        self._draining = False

    # -- state -------------------------------------------------------------------------------------------------------

    def readiness(self) -> Readiness:
        reason = self._client.failure()
        if reason:
            return Readiness(live=reason == "ENGINE_STOPPED", ready=False, reason=reason)
        return Readiness(live=True, ready=not self._draining, reason="DRAINING" if self._draining else "")

    @property
    def open_sessions(self) -> int:
        """Sessions that have not been closed."""
        return self._sessions

    def drain(self) -> None:
        """Refuse new sessions; the present ones go on."""
        self._draining = True

    def model_info(self) -> ModelInfo:
        return self._info

    # -- voices ------------------------------------------------------------------------------------------------------

    def voices(self) -> Sequence[Voice]:
        presets = [Voice(name, "preset", speaker=name) for name in self._info.speakers]
        return [*presets, *self._voices.list()]

    async def create_voice(self, name: str, pcm: Pcm, ref_text: str | None) -> Voice:
        self._check_new_voice(name)
        prompt = await self.encode_reference(pcm, ref_text)
        return await self._voices.add(Voice(name, "cloned", prompt=prompt))

    async def encode_reference(self, pcm: Pcm, ref_text: str | None) -> VoicePrompt:
        """A voice prompt from float32 mono at ``ModelInfo.reference_rate``. Raises InputError."""
        if not self._info.supports_cloning:
            raise InputError(
                f"a {self._info.model_type} model cannot clone voices; load a base model",
                field="reference",
                reason="NO_CLONING",
            )
        return await self._client.encode_voice(pcm, ref_text)

    async def design_voice(self, name: str, instruct: str, language: str) -> Voice:
        self._check_new_voice(name)
        if self._info.model_type is not ModelType.VOICE_DESIGN:
            raise InputError(
                f"a {self._info.model_type} model cannot design voices; load a voice_design model",
                field="design",
                reason="NO_VOICE_DESIGN",
            )
        self._check_instruct(instruct)
        return await self._voices.add(Voice(name, "designed", language=self._language(language), instruct=instruct))

    async def delete_voice(self, name: str) -> None:
        if name.lower() in self._info.speakers:
            raise InputError(f"{name} is a speaker of the model and cannot be deleted", field="name")
        await self._voices.remove(name)

    def _check_new_voice(self, name: str) -> None:
        """Before any work is done for it."""
        self._voices.check_new(name)
        if name.lower() in self._info.speakers:
            raise InputError(
                f"{name} is a speaker of the model; choose another name", field="name", reason="NAME_TAKEN"
            )

    # -- sessions ----------------------------------------------------------------------------------------------------

    def open(self, request: SynthesisRequest) -> Session:
        if self._draining:
            raise UnavailableError("the service is draining; try another replica", reason="DRAINING")
        reason = self._client.failure()
        if reason:
            raise UnavailableError("the engine is not serving; try another replica", reason=reason)
        if self._sessions >= self._settings.max_sessions:
            raise QosError("too many open sessions; try again", retry_after_s=1.0, reason="TOO_MANY_SESSIONS")
        plan = self._plan(request)
        if not request.incremental:  # its text comes now: do not prepare it for a house that is full
            self._client.check_door(request.priority, plan.max_latency_s)
        session = Session(plan, self._client, self._closed, self._workbench)
        self._sessions += 1
        return session

    def _closed(self) -> None:
        self._sessions -= 1

    def _plan(self, request: SynthesisRequest) -> SpeechPlan:
        """Raises InputError or NotFoundError for what this model cannot do."""
        info, promise = self._info, self._settings.classes[request.priority]
        voice = self._voice(request)
        prompt = request.voice_prompt or voice.prompt
        instruct = request.instruct or (voice.instruct or "")
        self._check_instruct(instruct)
        if info.model_type is ModelType.BASE and prompt is None:
            raise InputError(
                "a base model speaks with a cloned voice only: give reference audio or a registered voice",
                field="voice",
                reason="VOICE_MISSING",
            )
        if prompt is not None and info.model_type is not ModelType.BASE:
            raise InputError(
                f"a {info.model_type} model cannot speak with a cloned voice; load a base model",
                field="voice",
                reason="NO_CLONING",
            )
        asks_nothing = request.language.strip().lower() in ("", "auto")
        limit = info.max_frames
        if request.max_frames is not None:
            if request.max_frames < 1:
                raise InputError("max_frames must be 1 or more", field="max_frames")
            limit = min(limit, request.max_frames)
        frame_s = info.samples_per_frame / info.sample_rate
        lead_s = promise.max_lead_s if request.max_lead_ms is None else request.max_lead_ms / 1000 or None
        latency_s = promise.first_audio_deadline_s if request.max_latency_ms is None else request.max_latency_ms / 1000
        ref_text = prompt.ref_text if prompt is not None and prompt.ref_codes is not None else None
        return SpeechPlan(
            request=request,
            template=self._template,
            normalize=self._normalize if self._settings.normalize and request.normalize else None,
            layout=self._layout(request),
            language=self._language(voice.language or "auto" if asks_nothing else request.language),
            voice_name=voice.name,
            speaker=voice.speaker or "",
            voice=prompt,
            instruct_ids=self._template.instruct_ids(instruct),
            ref_text_ids=() if ref_text is None else self._template.ref_text_body(ref_text).ids,
            sampling=resolve_sampling(request.sampling, self._defaults, request.seed),
            max_frames=limit,
            max_lead_frames=None if lead_s is None else max(1, round(lead_s / frame_s)),
            max_latency_s=latency_s,
            sample_rate=info.sample_rate,
            frame_s=frame_s,
            groups=self._groups,
            max_text_chars=info.max_text_chars,
            tuning=self._settings.tuning,
        )

    def _voice(self, request: SynthesisRequest) -> Voice:
        """The voice meant: given with the request, a speaker, a registered voice, or the default."""
        if request.voice_prompt is not None:
            return Voice("", "cloned", prompt=request.voice_prompt)
        name = request.voice or self._settings.default_voice
        name = self._settings.aliases.get(name, name)
        speakers = self._info.speakers
        if not name:
            only = speakers[0] if len(speakers) == 1 else ""
            return Voice(only, "preset", speaker=only)
        if name.lower() in speakers:
            return Voice(name.lower(), "preset", speaker=name.lower())
        registered = self._voices.find(name)
        if registered is None:
            known = ", ".join([*speakers, *(voice.name for voice in self._voices.list())][:20]) or "none"
            raise NotFoundError(f"unknown voice {name!r}; known: {known}", field="voice", reason="VOICE_NOT_FOUND")
        return registered

    def _language(self, language: str) -> str:
        name = language.strip().lower() or "auto"
        if name != "auto" and name not in self._info.languages:
            known = ", ".join(["auto", *self._info.languages])
            raise NotFoundError(
                f"unknown language {language!r}; known: {known}", field="language", reason="LANGUAGE_NOT_FOUND"
            )
        return name

    def _layout(self, request: SynthesisRequest) -> Layout:
        """AUTO: streaming while text may still come, else the model family's own default."""
        if request.layout is not Layout.AUTO:
            return request.layout
        if request.incremental or self._info.model_type is ModelType.BASE:
            return Layout.STREAMING
        return Layout.FULL

    def _check_instruct(self, instruct: str) -> None:
        if not instruct:
            return
        if not self._info.supports_instruct:
            raise InputError(
                "this model takes no instruction; load a custom_voice 1.7B or a voice_design model",
                field="instruct",
                reason="NO_INSTRUCT",
            )
        limit = self._settings.max_instruct_chars
        if len(instruct) > limit:
            raise InputError(f"an instruction has at most {limit} characters", field="instruct")
