"""Log-mel spectrogram of the speaker encoder. Frame sizes are the reference's own and not in any
checkpoint; only the number of bands and the sample rate are."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from qwentts_svc.codec.slices import Slices

__all__ = ["HOP", "PAD", "LogMel", "mel_filterbank"]

FFT = 1024
HOP = 256
PAD = (FFT - HOP) // 2
MAGNITUDE_EPS = 1e-9
FLOOR = 1e-5

_LINEAR_HZ = 200.0 / 3
_BREAK_HZ = 1000.0
_LOG_STEP = math.log(6.4) / 27


def _hz_to_mel(hz: float) -> float:
    """Slaney's scale: linear below 1 kHz, logarithmic above."""
    if hz < _BREAK_HZ:
        return hz / _LINEAR_HZ
    return _BREAK_HZ / _LINEAR_HZ + math.log(hz / _BREAK_HZ) / _LOG_STEP


def _mel_to_hz(mel: Tensor) -> Tensor:
    start = _BREAK_HZ / _LINEAR_HZ
    return torch.where(mel < start, mel * _LINEAR_HZ, _BREAK_HZ * torch.exp(_LOG_STEP * (mel - start)))


def mel_filterbank(bands: int, sample_rate: int, high_hz: float) -> Tensor:
    """Triangular filters of equal area (Slaney's normalisation), float32 [bands, FFT / 2 + 1], from 0 Hz."""
    edges = _mel_to_hz(torch.linspace(0.0, _hz_to_mel(high_hz), bands + 2, dtype=torch.float64))
    bins = torch.arange(FFT // 2 + 1, dtype=torch.float64) * (sample_rate / FFT)
    widths = edges.diff()
    slopes = edges[:, None] - bins
    rising = -slopes[:-2] / widths[:-1, None]
    falling = slopes[2:] / widths[1:, None]
    triangles = torch.minimum(rising, falling).clamp(min=0.0)
    return (triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).float()


class LogMel:
    """float32 [samples] -> float32 [bands, frames], samples // 256 frames without centring."""

    def __init__(self, bands: int, sample_rate: int, device: torch.device) -> None:
        self._filters = mel_filterbank(bands, sample_rate, sample_rate / 2).to(device)
        self._window = torch.hann_window(FFT, periodic=True, device=device)

    def slices(self, pcm: Tensor, slice_frames: int) -> Slices[Tensor]:
        """The spectrogram, ``slice_frames`` frames per slice."""
        padded = F.pad(pcm[None], (PAD, PAD), mode="reflect")[0]
        parts = []
        for frames in torch.split(padded.unfold(0, FFT, HOP), slice_frames):
            spectrum = torch.fft.rfft(frames * self._window)
            magnitude: Tensor = (spectrum.real.square() + spectrum.imag.square() + MAGNITUDE_EPS).sqrt()
            bands: Tensor = self._filters @ magnitude.t()
            parts.append(bands.clamp(min=FLOOR).log())
            yield
        return torch.cat(parts, dim=1)
