"""Which checkpoint is spoken with, and in which number formats (section ``model``)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from qwentts_svc.config.base import Section

DType = Literal["auto", "float32", "bfloat16", "float16"]


class ModelSettings(Section):
    """The checkpoint and the way its weights are held."""

    path: str = Field(
        default="",
        description="Checkpoint directory, or a Hugging Face id (needs the extra 'hub'). Empty: the embedded voice.",
    )
    revision: str = Field(
        default="", description="Branch, tag or commit when 'path' is a Hugging Face id. Empty: the default branch."
    )
    dtype: DType = Field(
        default="auto",
        description="Number format of the acoustic model: auto | float32 | bfloat16 | float16 (GPU only). "
        "auto: bfloat16 on a GPU, float32 on a CPU.",
    )
    codec_dtype: DType = Field(
        default="auto",
        description="Number format of the codec: auto | float32 | bfloat16 | float16. auto: that of the acoustic model "
        "on a CPU, float32 on a GPU.",
    )
    device: str = Field(
        default="auto",
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        description="auto | cpu | cuda | cuda:N. auto: the GPU when there is one.",
    )
    tokenizer_regex: Literal["stock", "reference"] = Field(
        default="stock",
        description="Pre-tokenizer expression: stock (what the language model was trained with) | reference "
        "(the one that the reference package puts in its place).",
    )
    linear: Literal["dense", "int8"] = Field(
        default="dense", description="Weights of the linear layers: dense (in dtype) | int8 (weight-only)."
    )
    attention: Literal["auto", "sdpa", "flash"] = Field(
        default="auto",
        description="Attention backend: auto | sdpa (runs everywhere) | flash (GPU with the extra 'gpu').",
    )
