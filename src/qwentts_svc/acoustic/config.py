"""What a checkpoint says about the acoustic model: config.json as validated, immutable values. No torch.

Field names follow the product's vocabulary; the JSON names are in the readers below. Every number comes from the file:
nothing here is fixed to a size of model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from qwentts_svc.acoustic.generation import GenerationDefaults, load_generation_defaults, resolve_sampling
from qwentts_svc.errors import ModelError
from qwentts_svc.fields import Fields, read_json
from qwentts_svc.types import ModelType

__all__ = [
    "SUPPRESSED_TAIL",
    "GenerationDefaults",
    "ModelConfig",
    "PredictorConfig",
    "SpeakerEncoderConfig",
    "TalkerConfig",
    "TransformerConfig",
    "load_generation_defaults",
    "load_model_config",
    "resolve_sampling",
]

MODEL_TYPE = "qwen3_tts"
CODEC_TYPE = "qwen3_tts_tokenizer_12hz"
SMALL_SIZE = "0b6"

SUPPRESSED_TAIL = 1024
"""The talker may never choose the last 1024 ids of its vocabulary (controls, languages, speakers), EOS excepted."""


@dataclass(frozen=True, slots=True)
class TransformerConfig:
    """Dimensions of one stack of blocks. ``num_heads * head_dim`` need not equal ``hidden_size``."""

    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    rms_norm_eps: float
    rope_theta: float


@dataclass(frozen=True, slots=True)
class PredictorConfig:
    """The code predictor; ``vocab_size`` codes per codebook."""

    transformer: TransformerConfig
    vocab_size: int


@dataclass(frozen=True, slots=True)
class TalkerConfig:
    """The talker, its control ids, and what it can speak. Names are lower case; ids are rows of codec_embedding."""

    transformer: TransformerConfig
    vocab_size: int
    text_vocab_size: int
    text_hidden_size: int
    num_code_groups: int
    codec_pad_id: int
    codec_bos_id: int
    codec_eos_id: int
    codec_think_id: int
    codec_nothink_id: int
    codec_think_bos_id: int
    codec_think_eos_id: int
    languages: Mapping[str, int]
    speakers: Mapping[str, int]
    speaker_dialect: Mapping[str, str]
    """Only speakers that have a dialect; the value is a key of ``languages``."""
    predictor: PredictorConfig

    @property
    def num_codes(self) -> int:
        """Size of codebook 0 inside the talker's vocabulary: ids [0, num_codes) are codes."""
        return self.vocab_size - SUPPRESSED_TAIL

    @property
    def spoken_languages(self) -> tuple[str, ...]:
        """Languages that can be asked for by name; dialects, which are known by their name, belong to speakers."""
        return tuple(name for name in self.languages if "dialect" not in name)


@dataclass(frozen=True, slots=True)
class SpeakerEncoderConfig:
    """ECAPA-TDNN of base checkpoints. The defaults are those of the model family; real files give only two fields."""

    enc_dim: int = 1024
    sample_rate: int = 24000
    mel_dim: int = 128
    enc_channels: tuple[int, ...] = (512, 512, 512, 512, 1536)
    enc_kernel_sizes: tuple[int, ...] = (5, 3, 3, 3, 1)
    enc_dilations: tuple[int, ...] = (1, 2, 3, 4, 1)
    enc_attention_channels: int = 128
    enc_res2net_scale: int = 8
    enc_se_channels: int = 128


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """config.json. ``speaker_encoder`` is set for base checkpoints only."""

    model_type: ModelType
    size: str
    tts_pad_id: int
    tts_bos_id: int
    tts_eos_id: int
    talker: TalkerConfig
    speaker_encoder: SpeakerEncoderConfig | None
    transformers_version: str | None = None

    @property
    def supports_instruct(self) -> bool:
        """Base models take no instruction, and the small custom-voice model was not trained with one."""
        if self.model_type is ModelType.CUSTOM_VOICE:
            return self.size != SMALL_SIZE
        return self.model_type is ModelType.VOICE_DESIGN

    @property
    def supports_cloning(self) -> bool:
        return self.speaker_encoder is not None


def load_model_config(directory: Path) -> ModelConfig:
    """Read and check ``directory/config.json``. Raises ModelError that names the file and the field."""
    if not directory.is_dir():
        raise ModelError(f"{directory}: no such model directory")
    fields = read_json(directory / "config.json")
    fields.require("model_type", fields.text("model_type"), (MODEL_TYPE,), f"this program loads {MODEL_TYPE!r} only")
    fields.require(
        "tokenizer_type", fields.text("tokenizer_type", CODEC_TYPE), (CODEC_TYPE,), f"only {CODEC_TYPE!r} is supported"
    )
    kinds = tuple(str(kind) for kind in ModelType)
    fields.require("tts_model_type", fields.text("tts_model_type"), kinds, f"must be one of {', '.join(kinds)}")
    model_type = ModelType(fields.text("tts_model_type"))
    talker = _talker(fields.section("talker_config"))
    text_ids = [_id(fields, f"tts_{name}_token_id", talker.text_vocab_size) for name in ("pad", "bos", "eos")]
    return ModelConfig(
        model_type=model_type,
        size=fields.text("tts_model_size", ""),
        tts_pad_id=text_ids[0],
        tts_bos_id=text_ids[1],
        tts_eos_id=text_ids[2],
        talker=talker,
        speaker_encoder=_speaker_encoder(fields, talker) if model_type is ModelType.BASE else None,
        transformers_version=fields.text("transformers_version", "") or None,
    )


def _id(fields: Fields, name: str, vocab_size: int) -> int:
    value = fields.integer(name, low=0)
    if value >= vocab_size:
        raise fields.fail(name, f"is {value}, outside the vocabulary of {vocab_size}")
    return value


def _transformer(fields: Fields) -> TransformerConfig:
    """A stack of blocks; refuses variants whose mathematics would differ from what is implemented."""
    heads, kv_heads = fields.integer("num_attention_heads"), fields.integer("num_key_value_heads")
    if heads % kv_heads:
        raise fields.fail("num_attention_heads", f"is {heads}, not a multiple of num_key_value_heads {kv_heads}")
    head_dim = fields.integer("head_dim")
    if head_dim % 2:
        raise fields.fail("head_dim", f"is {head_dim}; rotary positions need an even number")
    fields.require("attention_bias", fields.flag("attention_bias", False), (False,), "biases are not supported")
    fields.require("hidden_act", fields.text("hidden_act", "silu"), ("silu",), "only 'silu' is supported")
    fields.require(
        "use_sliding_window", fields.flag("use_sliding_window", False), (False,), "sliding windows are not supported"
    )
    for kind in fields.data.get("layer_types") or ():
        fields.require("layer_types", kind, ("full_attention",), "only 'full_attention' is supported")
    return TransformerConfig(
        hidden_size=fields.integer("hidden_size"),
        intermediate_size=fields.integer("intermediate_size"),
        num_layers=fields.integer("num_hidden_layers"),
        num_heads=heads,
        num_kv_heads=kv_heads,
        head_dim=head_dim,
        rms_norm_eps=fields.number("rms_norm_eps"),
        rope_theta=fields.number("rope_theta"),
    )


def _check_rope(fields: Fields, *, sections: bool) -> None:
    """All axes of the talker's multi-axis rotary embedding carry the same position, which makes it the plain one for
    any split into sections; a scaled type would not be."""
    scaling = fields.section("rope_scaling", optional=not sections)
    if sections:
        if len(scaling.integers("mrope_section", low=0)) != 3:
            raise scaling.fail("mrope_section", "must hold three integers")
        scaling.flag("interleaved")
    kind = scaling.text("rope_type", scaling.text("type", "default"))
    scaling.require("rope_type", kind, ("default",), "only 'default' is supported")


def _predictor(fields: Fields, groups: int) -> PredictorConfig:
    _check_rope(fields, sections=False)
    own_groups = fields.integer("num_code_groups", groups)
    fields.require("num_code_groups", own_groups, (groups,), f"talker_config.num_code_groups is {groups}")
    return PredictorConfig(_transformer(fields), fields.integer("vocab_size"))


def _talker(fields: Fields) -> TalkerConfig:
    _check_rope(fields, sections=True)
    vocab_size = fields.integer("vocab_size", low=SUPPRESSED_TAIL + 1)
    groups = fields.integer("num_code_groups", low=2)

    def codec_id(holder: Fields, name: str) -> int:
        return _id(holder, name, vocab_size)

    languages = {name.lower(): i for name, i in fields.section("codec_language_id").items(codec_id)}
    speakers = {name.lower(): i for name, i in fields.section("spk_id", optional=True).items(codec_id)}
    return TalkerConfig(
        transformer=_transformer(fields),
        vocab_size=vocab_size,
        text_vocab_size=fields.integer("text_vocab_size"),
        text_hidden_size=fields.integer("text_hidden_size"),
        num_code_groups=groups,
        codec_pad_id=codec_id(fields, "codec_pad_id"),
        codec_bos_id=codec_id(fields, "codec_bos_id"),
        codec_eos_id=codec_id(fields, "codec_eos_token_id"),
        codec_think_id=codec_id(fields, "codec_think_id"),
        codec_nothink_id=codec_id(fields, "codec_nothink_id"),
        codec_think_bos_id=codec_id(fields, "codec_think_bos_id"),
        codec_think_eos_id=codec_id(fields, "codec_think_eos_id"),
        languages=MappingProxyType(languages),
        speakers=MappingProxyType(speakers),
        speaker_dialect=MappingProxyType(_dialects(fields.section("spk_is_dialect", optional=True), languages)),
        predictor=_predictor(fields.section("code_predictor_config"), groups),
    )


def _dialects(fields: Fields, languages: Mapping[str, int]) -> dict[str, str]:
    found: dict[str, str] = {}
    for speaker, value in fields.data.items():
        if value is False or value is None:
            continue
        if not isinstance(value, str) or value.lower() not in languages:
            raise fields.fail(speaker, f"is {value!r}, neither false nor a key of codec_language_id")
        found[speaker.lower()] = value.lower()
    return found


def _speaker_encoder(parent: Fields, talker: TalkerConfig) -> SpeakerEncoderConfig:
    fields = parent.section("speaker_encoder_config", optional=True)
    known = SpeakerEncoderConfig.__dataclass_fields__
    for name in fields.data:
        if name not in known:
            raise fields.fail(name, f"is unknown; known are {', '.join(known)}")
    default = SpeakerEncoderConfig()
    config = SpeakerEncoderConfig(
        enc_dim=fields.integer("enc_dim", default.enc_dim),
        sample_rate=fields.integer("sample_rate", default.sample_rate),
        mel_dim=fields.integer("mel_dim", default.mel_dim),
        enc_channels=fields.integers("enc_channels", default.enc_channels),
        enc_kernel_sizes=fields.integers("enc_kernel_sizes", default.enc_kernel_sizes),
        enc_dilations=fields.integers("enc_dilations", default.enc_dilations),
        enc_attention_channels=fields.integer("enc_attention_channels", default.enc_attention_channels),
        enc_res2net_scale=fields.integer("enc_res2net_scale", default.enc_res2net_scale),
        enc_se_channels=fields.integer("enc_se_channels", default.enc_se_channels),
    )
    width = talker.transformer.hidden_size
    fields.require("enc_dim", config.enc_dim, (width,), f"the talker's hidden_size is {width}")
    channels, blocks = config.enc_channels, len(config.enc_channels)
    if blocks < 3 or len(config.enc_kernel_sizes) != blocks or len(config.enc_dilations) != blocks:
        raise fields.fail("enc_channels", "enc_kernel_sizes and enc_dilations must be of one length, at least 3")
    if any(size % 2 == 0 for size in config.enc_kernel_sizes):
        raise fields.fail("enc_kernel_sizes", "must be odd")
    if len(set(channels[:-1])) != 1 or channels[-1] != sum(channels[1:-1]):
        raise fields.fail("enc_channels", "must be equal but for the last, which is the sum of the middle ones")
    if channels[0] % config.enc_res2net_scale:
        raise fields.fail("enc_res2net_scale", f"must divide the {channels[0]} channels")
    return config
