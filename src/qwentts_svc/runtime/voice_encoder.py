"""Reference audio to a voice prompt: speaker embedding, and reference codes for in-context cloning."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor

from qwentts_svc.codec.encoder import CodecEncoder
from qwentts_svc.codec.slices import Slices, finish
from qwentts_svc.codec.speaker_encoder import SpeakerEncoder
from qwentts_svc.errors import InputError, ModelError
from qwentts_svc.types import Pcm, VoicePrompt

__all__ = ["TorchVoiceEncoder"]

FIELD = "ref_audio"


class TorchVoiceEncoder:
    """``VoiceEncoder`` over the encoders of a base checkpoint. ``speaker`` None: the model cannot clone.

    ``sample_rate``: of the audio that ``encode`` takes, in Hz. Raises ModelError when the two encoders disagree on it.
    """

    def __init__(self, codec: CodecEncoder, speaker: SpeakerEncoder | None) -> None:
        if speaker is not None and speaker.sample_rate != codec.sample_rate:
            raise ModelError(
                f"the speaker encoder takes {speaker.sample_rate} Hz and the codec {codec.sample_rate} Hz; "
                "a checkpoint must use one rate for both"
            )
        self.sample_rate = codec.sample_rate
        self._codec = codec
        self._device = codec.device
        self._speaker = speaker

    def encode(self, pcm: Pcm, ref_text: str | None) -> VoicePrompt:
        """``slices`` to their end."""
        return finish(self.slices(pcm, ref_text))

    def slices(self, pcm: Pcm, ref_text: str | None) -> Slices[VoicePrompt]:
        """float32 [samples] mono -> VoicePrompt, with codes and text when ``ref_text`` is given. ``key`` is a hash of
        the audio and of the text. A slice raises InputError."""
        if self._speaker is None:
            raise InputError(
                "this model cannot clone a voice: it has no speaker encoder; use a base checkpoint or a preset speaker",
                field=FIELD,
            )
        if pcm.ndim != 1:
            raise InputError(f"reference audio has shape {list(pcm.shape)}; give mono samples", field=FIELD)
        least = self._speaker.min_samples
        if len(pcm) < least:
            raise InputError(
                f"reference audio is too short: {len(pcm)} samples at {self.sample_rate} Hz; "
                f"give at least {least} ({least / self.sample_rate:.3f} s), better 3 s of speech or more",
                field=FIELD,
            )
        wave = np.ascontiguousarray(pcm, dtype=np.float32)
        if not np.isfinite(wave).all():
            raise InputError("reference audio has samples that are not finite numbers; encode it again", field=FIELD)
        if ref_text is not None and not ref_text.strip():
            raise InputError(
                "the reference text is empty; give the words of the reference audio, or leave it out to use the "
                "voice's sound only",
                field="ref_text",
            )
        samples = torch.from_numpy(wave)
        embedding = (yield from self._timed(self._speaker.slices(samples))).cpu().numpy()
        if not np.isfinite(embedding).all():
            raise InputError("no voice can be made from this reference audio; use another recording", field=FIELD)
        codes = None
        if ref_text is not None:
            codes = (yield from self._timed(self._codec.slices(samples))).cpu().numpy()
        return VoicePrompt(_content_key(wave, ref_text), embedding, codes, ref_text)

    def _timed(self, work: Slices[Tensor]) -> Slices[Tensor]:
        """A slice ends when the device has done it, not when it was told to: only so can its time be bounded."""
        while True:
            try:
                next(work)
            except StopIteration as end:
                result: Tensor = end.value
                return result
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
            yield


def _content_key(wave: Pcm, ref_text: str | None) -> str:
    digest = hashlib.sha256(wave.tobytes())
    if ref_text is not None:
        digest.update(b"\0" + ref_text.encode())
    return digest.hexdigest()
