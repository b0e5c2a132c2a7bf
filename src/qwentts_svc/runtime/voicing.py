"""What happens to a row's PCM between the codec and the mailbox: leading near-silence, the held tail, the end fade.

One ``Voicing`` per row. Everything it does depends on the row's own samples alone, never on timing, so any batch and
any pace give the same audio.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from qwentts_svc.audio.fade import fade_out
from qwentts_svc.runtime.guard import silent_prefix_frames, silent_suffix_frames
from qwentts_svc.types import Pcm

MAX_TRIMMED_FRAMES = 4
FADE_S = 0.005


@dataclass(slots=True)
class Voicing:
    """``hold_samples``: the last samples are kept back until the row goes on or ends, so that the end can be faded
    although EOS is known only one step after the last frame."""

    frame_samples: int
    trim_leading: bool
    hold_samples: int
    trimmed_frames: int = 0
    silent_frames: int = 0
    """Near-silent frames up to now without a break."""
    audible: bool = False
    _held: Pcm = field(default_factory=lambda: np.empty(0, np.float32))

    def push(self, pcm: Pcm) -> Pcm:
        """Take whole frames, return what may be sent now (possibly empty)."""
        lead = silent_prefix_frames(pcm, self.frame_samples)
        frames = len(pcm) // self.frame_samples
        self.silent_frames = (
            self.silent_frames + frames if lead == frames else silent_suffix_frames(pcm, self.frame_samples)
        )
        if not self.audible:
            if self.trim_leading:
                drop = min(lead, MAX_TRIMMED_FRAMES - self.trimmed_frames)
                self.trimmed_frames += drop
                pcm = pcm[drop * self.frame_samples :]
            self.audible = lead < frames
        if self.hold_samples == 0:
            return pcm
        whole = np.concatenate([self._held, pcm])
        cut = max(0, len(whole) - self.hold_samples)
        self._held = whole[cut:]
        return whole[:cut]

    def finish(self) -> Pcm:
        """The held tail, faded out with half a Hann window."""
        tail, self._held = self._held, np.empty(0, np.float32)
        return fade_out(tail)
