"""config.json, generation_config.json and the codec's config.json: what is read, and what is refused by name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwentts_svc.acoustic.config import ModelConfig, load_generation_defaults, load_model_config, resolve_sampling
from qwentts_svc.acoustic.hub import embedded_model
from qwentts_svc.codec.config import load_codec_config
from qwentts_svc.errors import InputError, ModelError
from qwentts_svc.types import SEED_LIMIT, ModelType, SamplingOverrides, SamplingParams

Edit = Callable[[dict[str, Any]], object]


def edited(tmp_path: Path, edit: Edit, name: str = "config.json", folder: str = "") -> Path:
    """A copy of the embedded voice's JSON file with one thing changed; returns its directory."""
    data = json.loads((embedded_model() / folder / name).read_text())
    edit(data)
    (tmp_path / name).write_text(json.dumps(data))
    return tmp_path


def as_base(data: dict[str, Any], **speaker: object) -> None:
    data["tts_model_type"] = "base"
    channels = [64, 64, 64, 64, 192]
    data["speaker_encoder_config"] = {"enc_dim": 256, "enc_channels": channels, **speaker}


def test_the_embedded_voice_is_read_as_its_file_says() -> None:
    config = load_model_config(embedded_model())
    assert config.model_type is ModelType.CUSTOM_VOICE
    assert (config.tts_pad_id, config.tts_bos_id, config.tts_eos_id) == (607, 608, 609)
    talker = config.talker
    assert talker.transformer.hidden_size == 256
    assert talker.transformer.num_heads == 4
    assert talker.transformer.rope_theta == 10000.0
    assert talker.predictor.transformer.head_dim == 48
    assert talker.predictor.vocab_size == talker.num_codes == 256
    assert dict(talker.languages) == {"english": 258}
    assert dict(talker.speakers) == {"aria": 1273}
    assert dict(talker.speaker_dialect) == {}
    assert config.speaker_encoder is None
    assert not config.supports_cloning


def test_a_dialect_speaker_names_its_language(tmp_path: Path) -> None:
    def edit(data: dict[str, Any]) -> None:
        data["talker_config"]["codec_language_id"]["sichuan_dialect"] = 270
        data["talker_config"]["spk_id"]["Eric"] = 1270
        data["talker_config"]["spk_is_dialect"]["Eric"] = "sichuan_dialect"

    talker = load_model_config(edited(tmp_path, edit)).talker
    assert talker.speakers["eric"] == 1270
    assert dict(talker.speaker_dialect) == {"eric": "sichuan_dialect"}


@pytest.mark.parametrize(
    ("kind", "size", "instruct"),
    [
        ("custom_voice", "1b7", True),
        ("custom_voice", "0b6", False),
        ("voice_design", "1b7", True),
        ("voice_design", "0b6", True),
    ],
)
def test_only_models_trained_with_instructions_take_them(tmp_path: Path, kind: str, size: str, instruct: bool) -> None:
    config = load_model_config(edited(tmp_path, lambda data: data.update(tts_model_type=kind, tts_model_size=size)))
    assert config.supports_instruct is instruct


def test_a_base_model_has_a_speaker_encoder_with_the_family_defaults(tmp_path: Path) -> None:
    def edit(data: dict[str, Any]) -> None:
        data.update(tts_model_type="base", speaker_encoder_config={"enc_dim": 256, "sample_rate": 24000})

    config = load_model_config(edited(tmp_path, edit))
    assert config.speaker_encoder is not None
    assert config.supports_cloning
    assert not config.supports_instruct
    assert config.speaker_encoder.enc_channels == (512, 512, 512, 512, 1536)
    assert config.speaker_encoder.mel_dim == 128


def put(*path_and_value: object) -> Edit:
    """An edit that sets ``talker_config.a.b = value`` for ``put("a", "b", value)``."""
    *path, value = path_and_value

    def edit(data: dict[str, Any]) -> None:
        target = data["talker_config"]
        for name in path[:-1]:
            target = target[name]
        target[path[-1]] = value

    return edit


def drop(*path: str) -> Edit:
    def edit(data: dict[str, Any]) -> None:
        for name in path[:-1]:
            data = data[name]
        del data[path[-1]]

    return edit


BAD_CONFIGS: list[tuple[Edit, str]] = [
    (lambda d: d.update(model_type="qwen3"), "model_type"),
    (lambda d: d.update(tokenizer_type="qwen3_tts_tokenizer_25hz"), "tokenizer_type"),
    (lambda d: d.update(tts_model_type="other"), "tts_model_type"),
    (drop("tts_model_type"), "tts_model_type is missing"),
    (drop("talker_config"), "talker_config is missing"),
    (lambda d: d.update(talker_config=[]), "talker_config must be an object"),
    (drop("talker_config", "hidden_size"), "talker_config.hidden_size is missing"),
    (drop("talker_config", "code_predictor_config", "vocab_size"), "code_predictor_config.vocab_size is missing"),
    (drop("tts_pad_token_id"), "tts_pad_token_id is missing"),
    (lambda d: d.update(tts_eos_token_id=640), "tts_eos_token_id is 640, outside"),
    (put("hidden_size", 0), "talker_config.hidden_size must be between"),
    (put("hidden_size", -4), "talker_config.hidden_size must be between"),
    (put("hidden_size", 25.5), "talker_config.hidden_size must be an integer"),
    (put("hidden_size", True), "talker_config.hidden_size must be an integer"),
    (put("num_hidden_layers", "5"), "talker_config.num_hidden_layers must be an integer"),
    (put("num_key_value_heads", 3), "not a multiple of num_key_value_heads 3"),
    (put("head_dim", 63), "head_dim is 63"),
    (put("code_predictor_config", "head_dim", 7), "code_predictor_config.head_dim is 7"),
    (put("rms_norm_eps", 0), "rms_norm_eps must be above 0"),
    (put("rope_theta", "x"), "rope_theta must be a finite number"),
    (put("rope_theta", float("nan")), "rope_theta must be a finite number"),
    (put("attention_bias", True), "attention_bias"),
    (put("hidden_act", "gelu"), "hidden_act"),
    (put("use_sliding_window", True), "use_sliding_window"),
    (put("vocab_size", 1024), "talker_config.vocab_size must be between"),
    (put("codec_eos_token_id", 1280), "codec_eos_token_id is 1280, outside"),
    (put("codec_language_id", "english", 1280), "codec_language_id.english is 1280, outside"),
    (put("spk_id", "aria", -1), "spk_id.aria must be between"),
    (put("spk_is_dialect", "aria", "klingon"), "spk_is_dialect.aria"),
    (put("spk_is_dialect", "aria", True), "spk_is_dialect.aria"),
    (put("rope_scaling", None), "rope_scaling is missing"),
    (drop("talker_config", "rope_scaling", "mrope_section"), "rope_scaling.mrope_section is missing"),
    (drop("talker_config", "rope_scaling", "interleaved"), "rope_scaling.interleaved is missing"),
    (put("rope_scaling", "mrope_section", [16, 16]), "rope_scaling.mrope_section must hold three"),
    (put("rope_scaling", "rope_type", "yarn"), "rope_scaling.rope_type"),
    (put("num_code_groups", 1), "num_code_groups must be between"),
    (put("code_predictor_config", "num_code_groups", 8), "code_predictor_config.num_code_groups"),
    (put("code_predictor_config", "layer_types", ["sliding_attention"]), "layer_types"),
    (lambda d: as_base(d, enc_dim=128), "speaker_encoder_config.enc_dim"),
    (lambda d: as_base(d, colour="red"), "speaker_encoder_config.colour is unknown"),
    (lambda d: as_base(d, enc_kernel_sizes=[5, 3]), "enc_kernel_sizes"),
    (lambda d: as_base(d, enc_kernel_sizes=[4, 3, 3, 3, 1]), "enc_kernel_sizes must be odd"),
    (lambda d: as_base(d, enc_channels=[64, 64, 32, 64, 160]), "enc_channels"),
    (lambda d: as_base(d, enc_res2net_scale=7), "enc_res2net_scale"),
]


@pytest.mark.parametrize(("edit", "says"), BAD_CONFIGS, ids=[says for _, says in BAD_CONFIGS])
def test_a_wrong_field_is_refused_by_file_and_name(tmp_path: Path, edit: Edit, says: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_model_config(edited(tmp_path, edit))
    assert says in str(caught.value)
    assert str(tmp_path / "config.json") in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\udcff", "[" * 100_000])
def test_a_config_that_is_not_a_json_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ModelError, match=r"config\.json"):
        load_model_config(tmp_path)


def test_missing_directory_and_missing_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model directory"):
        load_model_config(tmp_path / "nowhere")
    with pytest.raises(ModelError, match=r"config\.json: missing"):
        load_model_config(tmp_path)


def test_configs_are_values() -> None:
    first, second = load_model_config(embedded_model()), load_model_config(embedded_model())
    assert first == second
    with pytest.raises(AttributeError):
        first.size = "1b7"  # type: ignore[misc]
    assert isinstance(first, ModelConfig)


def test_generation_defaults_without_a_file_are_the_family_s(tmp_path: Path) -> None:
    defaults = load_generation_defaults(tmp_path)
    assert defaults.talker == SamplingParams(True, 0.9, 50, 1.0, 1.05)
    assert defaults.subtalker == SamplingParams(True, 0.9, 50, 1.0, 1.0)
    assert defaults.max_new_tokens == 2048


def test_generation_defaults_take_each_key_from_the_file_where_it_has_one(tmp_path: Path) -> None:
    data = {"temperature": 0.5, "subtalker_dosample": False, "subtalker_top_k": 7, "top_p": None, "unknown": 1}
    (tmp_path / "generation_config.json").write_text(json.dumps(data))
    defaults = load_generation_defaults(tmp_path)
    assert defaults.talker == SamplingParams(True, 0.5, 50, 1.0, 1.05)
    assert defaults.subtalker == SamplingParams(False, 0.9, 7, 1.0, 1.0)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"temperature": 0}, "temperature must be above 0 when sampling"),
        ({"temperature": -1}, "temperature must be at least 0"),
        ({"top_k": -1}, "top_k must be between"),
        ({"subtalker_top_p": 1.5}, "subtalker_top_p must be above 0 and at most 1"),
        ({"repetition_penalty": 0}, "repetition_penalty must be above 0"),
        ({"do_sample": 1}, "do_sample must be true or false"),
        ({"max_new_tokens": 1}, "max_new_tokens must be between"),
    ],
)
def test_a_wrong_generation_default_is_refused(tmp_path: Path, data: dict[str, object], says: str) -> None:
    (tmp_path / "generation_config.json").write_text(json.dumps(data))
    with pytest.raises(ModelError, match=says):
        load_generation_defaults(tmp_path)


def test_a_request_overrides_defaults_field_by_field(tmp_path: Path) -> None:
    overrides = SamplingOverrides(temperature=0.3, subtalker_do_sample=False, subtalker_top_p=0.5)
    sampling = resolve_sampling(overrides, load_generation_defaults(tmp_path), 17)
    assert sampling.talker == SamplingParams(True, 0.3, 50, 1.0, 1.05)
    assert sampling.subtalker == SamplingParams(False, 0.9, 50, 0.5, 1.0)
    assert sampling.seed == 17


def test_without_a_seed_one_is_drawn(tmp_path: Path) -> None:
    defaults = load_generation_defaults(tmp_path)
    seeds = {resolve_sampling(SamplingOverrides(), defaults, None).seed for _ in range(8)}
    assert len(seeds) > 1
    assert all(0 <= seed < SEED_LIMIT for seed in seeds)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("temperature", value) for value in (0.0, -0.1, NAN, INF, 1e-30)],
        *[("subtalker_temperature", value) for value in (0.0, NAN)],
        *[("top_k", value) for value in (-1, 2**40)],
        ("subtalker_top_k", -3),
        *[("top_p", value) for value in (0.0, -0.5, 1.01, NAN)],
        ("subtalker_top_p", 0.0),
        *[("repetition_penalty", value) for value in (0.0, -1.0, NAN, INF)],
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(tmp_path: Path, field: str, value: float) -> None:
    with pytest.raises(InputError) as caught:
        resolve_sampling(SamplingOverrides(**{field: value}), load_generation_defaults(tmp_path), 0)  # type: ignore[arg-type]
    assert caught.value.field == field
    assert str(caught.value).startswith(field)


@pytest.mark.parametrize("seed", [-1, SEED_LIMIT, True])
def test_a_seed_out_of_range_is_refused(tmp_path: Path, seed: int) -> None:
    with pytest.raises(InputError) as caught:
        resolve_sampling(SamplingOverrides(), load_generation_defaults(tmp_path), seed)
    assert caught.value.field == "seed"


def test_the_largest_seed_is_taken(tmp_path: Path) -> None:
    assert resolve_sampling(SamplingOverrides(), load_generation_defaults(tmp_path), SEED_LIMIT - 1).seed == 2**63 - 1


def test_greedy_does_not_ask_for_a_temperature(tmp_path: Path) -> None:
    overrides = SamplingOverrides(do_sample=False, temperature=0.0)
    assert resolve_sampling(overrides, load_generation_defaults(tmp_path), 0).talker.temperature == 0.0


def test_the_codec_s_config_is_read_and_agrees_with_the_model() -> None:
    config = load_codec_config(embedded_model() / "speech_tokenizer")
    assert config.decoder.samples_per_frame == config.decode_upsample_rate == 1920
    assert config.encoder.samples_per_frame == 1920
    assert config.frame_rate == 12.5
    config.check_codes(16, 256)
    with pytest.raises(ModelError, match="8 codebooks"):
        config.check_codes(8, 256)
    with pytest.raises(ModelError, match="codes up to 256"):
        config.check_codes(16, 257)


def test_other_rates_are_taken_when_they_agree(tmp_path: Path) -> None:
    def edit(data: dict[str, Any]) -> None:
        data["decoder_config"]["upsample_rates"] = [5, 4, 2]
        data["decode_upsample_rate"] = 160
        data["output_sample_rate"] = 16000

    config = load_codec_config(edited(tmp_path, edit, folder="speech_tokenizer"))
    assert config.decoder.samples_per_frame == 160
    assert config.frame_rate == 100.0


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda d: d.update(model_type="qwen3_tts_tokenizer_25hz"), "model_type"),
        (lambda d: d.update(decode_upsample_rate=960), "decode_upsample_rate is 960"),
        (lambda d: d.update(encode_downsample_rate=960), "encode_downsample_rate is 960"),
        (lambda d: d["decoder_config"].update(upsample_rates=[8, 5, 4]), "decode_upsample_rate is 1920"),
        (lambda d: d["decoder_config"].update(upsample_rates=[]), "upsample_rates must be a non-empty list"),
        (lambda d: d["decoder_config"].update(upsample_rates=[8, 5, 4, 0]), "upsample_rates must hold"),
        (lambda d: d["decoder_config"].update(decoder_dim=100), "decoder_dim is 100"),
        (lambda d: d["decoder_config"].update(codebook_dim=31), "codebook_dim is 31"),
        (lambda d: d["decoder_config"].update(head_dim=5), "decoder_config.head_dim"),
        (lambda d: d["decoder_config"].pop("sliding_window"), "decoder_config.sliding_window is missing"),
        (lambda d: d["encoder_config"].update(num_key_value_heads=3), "encoder_config.num_attention_heads"),
        (lambda d: d["encoder_config"].update(audio_channels=2), "encoder_config.audio_channels"),
        (lambda d: d.update(encoder_valid_num_quantizers=99), "encoder_valid_num_quantizers"),
    ],
)
def test_a_wrong_codec_field_is_refused(tmp_path: Path, edit: Edit, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        load_codec_config(edited(tmp_path, edit, folder="speech_tokenizer"))


def test_a_copy_of_the_whole_directory_reads_the_same(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(embedded_model(), copy, ignore=shutil.ignore_patterns("*.safetensors", "*.wav"))
    assert load_model_config(copy) == load_model_config(embedded_model())
