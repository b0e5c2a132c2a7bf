"""How a prompt is laid out: token ids, names and reference codes to one (text id, codec entry) pair per position.

Pure Python: the same layout is embedded by the model, hashed for the prefix cache, and tested without weights.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from qwentts_svc.acoustic.config import ModelConfig, TalkerConfig
from qwentts_svc.errors import InputError, NotFoundError
from qwentts_svc.types import Layout, VoicePrompt

NOTHING = -1
"""Codec entry of a position that carries text only."""

SPEAKER = -2
"""Codec entry that stands for the speaker embedding of a cloned voice."""

FIRST_FRAME = -3
"""Codec entry of reference frame 0; frame t is ``FIRST_FRAME - t``."""

AUTO_LANGUAGE = "auto"


class PromptParts(Protocol):
    """What a prompt is made of; see the engine's ``PromptSpec`` for the meaning of each field."""

    @property
    def role_ids(self) -> tuple[int, ...]: ...
    @property
    def text_ids(self) -> tuple[int, ...]: ...
    @property
    def instruct_ids(self) -> tuple[int, ...]: ...
    @property
    def ref_text_ids(self) -> tuple[int, ...]: ...
    @property
    def language(self) -> str: ...
    @property
    def speaker(self) -> str: ...
    @property
    def voice(self) -> VoicePrompt | None: ...
    @property
    def layout(self) -> Layout: ...


@dataclass(frozen=True, slots=True)
class PromptLayout:
    """``text`` and ``codec``: one entry per position. The first ``prefix_positions`` do not depend on the text to be
    spoken. ``consumed_ids``: body tokens inside the prompt; negative when reference text is left over, which then is
    ``lead_ids`` and comes before the body. ``has_eos``: tts_eos is inside, only tts_pad follows."""

    text: tuple[int, ...]
    codec: tuple[int, ...]
    prefix_positions: int
    consumed_ids: int
    lead_ids: tuple[int, ...]
    has_eos: bool

    def __len__(self) -> int:
        return len(self.text)


def check_prompt(parts: PromptParts, config: ModelConfig) -> None:
    """Raises InputError (NotFoundError for unknown names) for a prompt that this model cannot speak."""
    talker = config.talker
    language_id(parts.language, parts.speaker, talker)
    if parts.speaker and parts.speaker.lower() not in talker.speakers:
        known = ", ".join(sorted(talker.speakers))
        hint = f"known speakers: {known}" if known else "this model has no preset speakers"
        raise NotFoundError(f"unknown speaker {parts.speaker!r}; {hint}", field="voice", reason="VOICE_NOT_FOUND")
    if parts.instruct_ids and not config.supports_instruct:
        raise InputError(
            f"this model ({config.model_type}, {config.size}) takes no instruction; leave 'instruct' out",
            field="instruct",
            reason="INSTRUCT_UNSUPPORTED",
        )
    _check_voice(parts, config)
    for name in ("role_ids", "text_ids", "instruct_ids", "ref_text_ids"):
        ids = getattr(parts, name)
        if ids and not 0 <= min(ids) <= max(ids) < talker.text_vocab_size:
            raise InputError(f"{name} must be from 0 to {talker.text_vocab_size - 1}", field="text")


def _check_voice(parts: PromptParts, config: ModelConfig) -> None:
    voice, talker = parts.voice, config.talker
    if voice is None:
        if config.supports_cloning:
            raise InputError("this model speaks with cloned voices only; give a voice", field="voice")
        return
    if not config.supports_cloning:
        raise InputError(
            f"a {config.model_type} model cannot speak with a cloned voice; load a base model",
            field="voice",
            reason="CLONING_UNSUPPORTED",
        )
    if voice.speaker_embedding.shape != (talker.transformer.hidden_size,):
        raise InputError("the voice was made with a model of another size; clone it again", field="voice")
    if voice.ref_codes is None:
        return
    codes = voice.ref_codes
    if codes.ndim != 2 or len(codes) == 0 or codes.shape[1] != talker.num_code_groups:
        raise InputError(f"reference codes must be [frames, {talker.num_code_groups}]", field="voice")
    limit = np.array([talker.vocab_size, *[talker.predictor.vocab_size] * (talker.num_code_groups - 1)])
    if bool((codes < 0).any()) or bool((codes >= limit).any()):
        raise InputError("reference codes are out of range", field="voice")
    if not parts.ref_text_ids:
        raise InputError("in-context cloning needs the text of the reference audio", field="ref_text")


def language_id(language: str, speaker: str, talker: TalkerConfig) -> int | None:
    """Codec id of the language or, for Chinese (or auto), of the speaker's dialect; None: no language tag.

    Raises NotFoundError for an unknown language; dialects belong to speakers and cannot be asked for by name.
    """
    name = language.lower()
    if name not in (AUTO_LANGUAGE, *talker.spoken_languages):
        known = ", ".join([AUTO_LANGUAGE, *sorted(talker.spoken_languages)])
        raise NotFoundError(
            f"unknown language {language!r}; known languages: {known}", field="language", reason="LANGUAGE_NOT_FOUND"
        )
    dialect = talker.speaker_dialect.get(speaker.lower())
    if dialect is not None and name in (AUTO_LANGUAGE, "chinese"):
        return talker.languages[dialect]
    return None if name == AUTO_LANGUAGE else talker.languages[name]


def lay_out(parts: PromptParts, config: ModelConfig, *, text_ended: bool = True) -> PromptLayout:
    """Build the layout of a checked prompt. ``text_ended`` False: more of the body may follow (streaming layout).

    Raises InputError for an empty text, and when too little of an open text is known.
    """
    body = parts.text_ids
    if not body:
        raise InputError("the text is empty", field="text", reason="EMPTY_TEXT")
    if parts.layout is not Layout.STREAMING and not text_ended:
        raise InputError("the full layout needs the whole text before it starts", field="layout")
    lead = _lead(parts, config)
    if parts.voice is not None and parts.voice.ref_codes is not None:
        return _in_context(parts, config, lead, len(parts.voice.ref_codes), text_ended)
    talker, eos, pad = config.talker, config.tts_eos_id, config.tts_pad_id
    if parts.layout is Layout.STREAMING:
        pairs = [*lead, (body[0], talker.codec_bos_id)]
        return _layout(pairs, len(lead), consumed=1, has_eos=False)
    pairs = [*lead, *((i, talker.codec_pad_id) for i in (*body, eos)), (pad, talker.codec_bos_id)]
    return _layout(pairs, len(lead), consumed=len(body), has_eos=True)


def prefix_key(layout: PromptLayout, parts: PromptParts) -> str:
    """Identifies the content of the first ``prefix_positions``; empty when there are none."""
    count = layout.prefix_positions
    if not count:
        return ""
    digest = hashlib.sha256()
    digest.update(np.array([layout.text[:count], layout.codec[:count]], dtype=np.int64).tobytes())
    if parts.voice is not None:
        digest.update(np.ascontiguousarray(parts.voice.speaker_embedding, dtype=np.float32).tobytes())
        frames = sum(entry <= FIRST_FRAME for entry in layout.codec[:count])
        if parts.voice.ref_codes is not None and frames:
            digest.update(np.ascontiguousarray(parts.voice.ref_codes[:frames], dtype=np.int64).tobytes())
    return digest.hexdigest()


def _lead(parts: PromptParts, config: ModelConfig) -> list[tuple[int, int]]:
    """Instruction, role, language tags, speaker: all that does not depend on the text."""
    talker = config.talker
    language = language_id(parts.language, parts.speaker, talker)
    tags = (
        [talker.codec_nothink_id, talker.codec_think_bos_id, talker.codec_think_eos_id]
        if language is None
        else [talker.codec_think_id, talker.codec_think_bos_id, language, talker.codec_think_eos_id]
    )
    if parts.voice is not None:
        tags.append(SPEAKER)
    elif parts.speaker:
        tags.append(talker.speakers[parts.speaker.lower()])
    plain = [(i, NOTHING) for i in (*parts.instruct_ids, *parts.role_ids)]
    return [*plain, *((config.tts_pad_id, tag) for tag in tags), (config.tts_bos_id, talker.codec_pad_id)]


def _in_context(
    parts: PromptParts, config: ModelConfig, lead: list[tuple[int, int]], frames: int, text_ended: bool
) -> PromptLayout:
    """Reference text, then the body, beside (streaming) or before (full) the reference frames."""
    talker, eos, pad = config.talker, config.tts_eos_id, config.tts_pad_id
    reference, body = parts.ref_text_ids, parts.text_ids
    spoken = [talker.codec_bos_id, *(FIRST_FRAME - t for t in range(frames))]
    words = [*reference, *body, *([eos] if text_ended else [])]
    if parts.layout is not Layout.STREAMING:
        pairs = [*lead, *((i, talker.codec_pad_id) for i in words), *((pad, code) for code in spoken)]
        return _layout(pairs, len(lead) + len(reference), consumed=len(body), has_eos=True)
    if len(words) < len(spoken):
        if not text_ended:
            missing = len(spoken) - len(words)
            raise InputError(f"{missing} more text tokens are needed to start", field="text")
        words += [pad] * (len(spoken) - len(words))
    pairs = [*lead, *zip(words, spoken, strict=False)]
    consumed = min(len(spoken) - len(reference), len(body))
    return _layout(
        pairs,
        len(lead) + min(len(reference), len(spoken)),
        consumed=consumed,
        lead_ids=reference[len(spoken) :],
        has_eos=len(spoken) > len(reference) + len(body),
    )


def _layout(
    pairs: list[tuple[int, int]], prefix: int, *, consumed: int, has_eos: bool, lead_ids: tuple[int, ...] = ()
) -> PromptLayout:
    """The last position is the input of the first step, so it is never part of the shared prefix."""
    text, codec = zip(*pairs, strict=True)
    return PromptLayout(text, codec, min(prefix, len(pairs) - 1), consumed, lead_ids, has_eos)
