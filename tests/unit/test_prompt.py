"""Prompt layouts: which text id and which codec entry stand at which position, what is shared, what is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny_checkpoint import write_tiny_checkpoint

from qwentts_svc.acoustic.config import ModelConfig, load_model_config
from qwentts_svc.acoustic.prompt import FIRST_FRAME, NOTHING, SPEAKER, check_prompt, lay_out, prefix_key
from qwentts_svc.errors import InputError, NotFoundError
from qwentts_svc.runtime.messages import PromptSpec
from qwentts_svc.types import Layout, VoicePrompt

PAD, BOS, EOS = 60, 61, 62
C_PAD, C_BOS, THINK, NOTHINK, T_BOS, T_EOS = 40, 41, 43, 44, 45, 46
ROLE = (1, 2, 3)


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelConfig]:
    root = tmp_path_factory.mktemp("checkpoints")
    made = {kind: write_tiny_checkpoint(root / kind, kind=kind) for kind in ("custom_voice", "voice_design", "base")}
    made["small"] = write_tiny_checkpoint(root / "small", size="0b6")
    return {name: load_model_config(Path(folder)) for name, folder in made.items()}


def spec(**changes: object) -> PromptSpec:
    return dataclasses.replace(PromptSpec(ROLE, (10, 11, 12), speaker="ann"), **changes)  # type: ignore[arg-type]  # names and types are the test's


def clone(frames: int | None = None) -> VoicePrompt:
    codes = None if frames is None else np.zeros((frames, 4), np.int64)
    return VoicePrompt("v", np.ones(32, np.float32), codes, "words" if frames else None)


def test_streaming_layout_ends_with_the_first_token_on_codec_bos(configs: dict[str, ModelConfig]) -> None:
    made = lay_out(spec(layout=Layout.STREAMING, language="English"), configs["custom_voice"])
    assert made.text == (*ROLE, PAD, PAD, PAD, PAD, PAD, BOS, 10)
    assert made.codec == (NOTHING, NOTHING, NOTHING, THINK, T_BOS, 100, T_EOS, 200, C_PAD, C_BOS)
    assert (made.prefix_positions, made.consumed_ids, made.has_eos) == (9, 1, False)


def test_full_layout_holds_the_whole_text_and_its_end(configs: dict[str, ModelConfig]) -> None:
    made = lay_out(spec(speaker="", instruct_ids=(7, 8)), configs["custom_voice"])
    assert made.text == (7, 8, *ROLE, PAD, PAD, PAD, BOS, 10, 11, 12, EOS, PAD)
    assert made.codec == (*[NOTHING] * 5, NOTHINK, T_BOS, T_EOS, C_PAD, C_PAD, C_PAD, C_PAD, C_PAD, C_BOS)
    assert (made.prefix_positions, made.consumed_ids, made.has_eos) == (9, 3, True)


@pytest.mark.parametrize(("language", "tag"), [("auto", 102), ("Chinese", 102), ("english", 100)])
def test_a_dialect_speaker_brings_the_dialect_for_chinese_and_auto_only(
    configs: dict[str, ModelConfig], language: str, tag: int
) -> None:
    assert tag in lay_out(spec(speaker="Bo", language=language), configs["custom_voice"]).codec


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 8))
def test_in_context_streaming_feeds_every_id_exactly_once(reference: int, frames: int, body: int) -> None:
    config = _BASE
    ref_ids, body_ids = tuple(range(reference)), tuple(range(20, 20 + body))
    parts = spec(speaker="", voice=clone(frames), ref_text_ids=ref_ids, text_ids=body_ids, layout=Layout.STREAMING)
    made = lay_out(parts, config)
    inside = [t for t, c in zip(made.text, made.codec, strict=True) if c == C_BOS or c <= FIRST_FRAME]
    after = [*made.lead_ids, *body_ids[max(0, made.consumed_ids) :], *([] if made.has_eos else [EOS])]
    fed = [i for i in (*inside, *after) if i != PAD]
    assert fed == [*ref_ids, *body_ids, EOS]
    assert len(inside) == frames + 1
    assert made.consumed_ids == -len(made.lead_ids) or not made.lead_ids
    assert made.prefix_positions < len(made)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 9))
def test_an_open_text_gives_the_prompt_of_the_whole_text_as_soon_as_it_may_start(
    reference: int, frames: int, body: int
) -> None:
    parts = spec(
        speaker="",
        voice=clone(frames),
        ref_text_ids=tuple(range(reference)),
        text_ids=tuple(range(20, 20 + body)),
        layout=Layout.STREAMING,
    )
    needed = parts.tokens_to_start
    assert needed is not None
    if body < needed:
        with pytest.raises(InputError, match="more text tokens"):
            lay_out(parts, _BASE, text_ended=False)
        return
    early = lay_out(dataclasses.replace(parts, text_ids=parts.text_ids[:needed]), _BASE, text_ended=False)
    whole = lay_out(parts, _BASE)
    assert (early.text, early.codec, early.consumed_ids) == (whole.text, whole.codec, whole.consumed_ids)


def test_in_context_full_layout_puts_the_reference_frames_after_all_text(configs: dict[str, ModelConfig]) -> None:
    made = lay_out(spec(speaker="", voice=clone(2), ref_text_ids=(5, 6)), configs["base"])
    assert made.text[-9:] == (5, 6, 10, 11, 12, EOS, PAD, PAD, PAD)
    assert made.codec[-3:] == (C_BOS, FIRST_FRAME, FIRST_FRAME - 1)
    assert SPEAKER in made.codec


def test_the_prefix_key_depends_on_all_that_is_shared_and_on_nothing_else(configs: dict[str, ModelConfig]) -> None:
    config = configs["custom_voice"]

    def key(**changes: object) -> str:
        parts = spec(**changes)
        return prefix_key(lay_out(parts, config), parts)

    assert key() == key(text_ids=(9,)) == key(layout=Layout.STREAMING)
    different = [key(), key(speaker="bo"), key(language="english"), key(instruct_ids=(4,)), key(role_ids=(1, 2, 4))]
    assert len(set(different)) == len(different)


def test_the_prefix_key_of_a_cloned_voice_covers_its_embedding_and_codes(configs: dict[str, ModelConfig]) -> None:
    def key(voice: VoicePrompt) -> str:
        parts = spec(speaker="", voice=voice, ref_text_ids=(5, 6, 7), layout=Layout.STREAMING)
        return prefix_key(lay_out(parts, configs["base"]), parts)

    voice = clone(4)
    other_codes = dataclasses.replace(voice, ref_codes=np.ones((4, 4), np.int64))
    other_sound = dataclasses.replace(voice, speaker_embedding=np.zeros(32, np.float32))
    assert len({key(voice), key(other_codes), key(other_sound)}) == 3


@pytest.mark.parametrize(
    ("model", "changes", "error", "words"),
    [
        ("custom_voice", {"speaker": "nobody"}, NotFoundError, "ann, bo"),
        ("custom_voice", {"language": "somewhere_dialect"}, NotFoundError, "auto, chinese, english"),
        ("voice_design", {}, NotFoundError, "no preset speakers"),
        ("small", {"instruct_ids": (4,)}, InputError, "instruct"),
        ("base", {"speaker": "", "voice": clone(), "instruct_ids": (4,)}, InputError, "instruct"),
        ("base", {"speaker": ""}, InputError, "give a voice"),
        ("custom_voice", {"speaker": "", "voice": clone()}, InputError, "base model"),
        ("base", {"speaker": "", "voice": clone(2)}, InputError, "text of the reference"),
        ("base", {"speaker": "", "voice": VoicePrompt("v", np.ones(8, np.float32))}, InputError, "another size"),
        ("custom_voice", {"text_ids": (64,)}, InputError, "text_ids"),
    ],
)
def test_what_a_model_cannot_speak_is_refused(
    configs: dict[str, ModelConfig], model: str, changes: dict[str, object], error: type[InputError], words: str
) -> None:
    with pytest.raises(error, match=words):
        check_prompt(spec(**changes), configs[model])


def test_instructions_are_accepted_where_the_model_has_them(configs: dict[str, ModelConfig]) -> None:
    check_prompt(spec(instruct_ids=(4,)), configs["custom_voice"])
    check_prompt(spec(speaker="", instruct_ids=(4,)), configs["voice_design"])


def test_an_empty_text_and_an_open_full_layout_are_refused(configs: dict[str, ModelConfig]) -> None:
    with pytest.raises(InputError, match="empty"):
        lay_out(spec(text_ids=()), configs["custom_voice"])
    with pytest.raises(InputError, match="whole text"):
        lay_out(spec(), configs["custom_voice"], text_ended=False)


def _base_config() -> ModelConfig:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return load_model_config(write_tiny_checkpoint(Path(folder), kind="base"))


_BASE = _base_config()


def test_a_language_that_a_speaker_has_as_dialect_can_be_asked_for_unless_its_name_says_dialect(
    configs: dict[str, ModelConfig],
) -> None:
    config = configs["custom_voice"]
    talker = dataclasses.replace(
        config.talker,
        languages={**config.talker.languages, "wu": 103, "dialect of yue": 104},
        speaker_dialect={"bo": "wu"},
    )
    changed = dataclasses.replace(config, talker=talker)
    assert 103 in lay_out(spec(speaker="ann", language="Wu"), changed).codec
    assert 103 in lay_out(spec(speaker="bo"), changed).codec
    with pytest.raises(NotFoundError):
        lay_out(spec(language="dialect of yue"), changed)
