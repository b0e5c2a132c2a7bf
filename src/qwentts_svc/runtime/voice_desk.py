"""Answers ``EncodeVoice`` commands on the engine thread, between two steps. Every command gets exactly one reply."""

from __future__ import annotations

import logging

from qwentts_svc.errors import DecodeError, InputError, TtsError, UnavailableError
from qwentts_svc.runtime.messages import EncodeVoice
from qwentts_svc.runtime.runners import FatalDeviceError, VoiceEncoder

_LOG = logging.getLogger(__name__)


def encode_voice(encoder: VoiceEncoder | None, command: EncodeVoice) -> None:
    """Raises FatalDeviceError only, after having replied."""
    if encoder is None:
        command.reply(InputError("this model cannot clone voices: load a base checkpoint", reason="NO_CLONING"))
        return
    try:
        command.reply(encoder.encode(command.pcm, command.ref_text))
    except TtsError as error:
        command.reply(error)
    except FatalDeviceError:
        command.reply(UnavailableError("the engine failed; try another replica", reason="ENGINE_DEAD"))
        raise
    except Exception:
        _LOG.exception("encoding reference audio failed")
        command.reply(DecodeError("the reference audio could not be encoded", reason="ENCODING_FAILED"))
