"""The unary RPCs about voices and the model."""

from __future__ import annotations

import asyncio
from typing import Final

from qwentts_svc.errors import InputError, NotFoundError
from qwentts_svc.server import render
from qwentts_svc.server.calls import Context
from qwentts_svc.server.convert import name_of, new_voice_name, parse
from qwentts_svc.server.deps import Deps
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.reference import read_reference

_KIND_ORDER: Final = {"preset": 0, "designed": 1, "cloned": 2}


async def list_voices(deps: Deps, raw: bytes, _context: Context) -> pb.ListVoicesResponse:
    """All voices, or those of one kind."""
    wanted = parse(pb.ListVoicesRequest, raw).kind
    if wanted not in pb.VoiceKind.values():
        raise InputError(f"kind has the unknown value {wanted}", field="kind")
    known = sorted(deps.service.voices(), key=lambda voice: (_KIND_ORDER.get(voice.kind, 9), voice.name))
    voices = [render.voice(voice) for voice in known]
    return pb.ListVoicesResponse(voices=[voice for voice in voices if wanted in (0, voice.kind)])


async def get_voice(deps: Deps, raw: bytes, _context: Context) -> pb.GetVoiceResponse:
    """One voice; names are compared without regard to case, as everywhere. Raises NotFoundError."""
    name = name_of(parse(pb.GetVoiceRequest, raw).name, "name").lower()
    for voice in deps.service.voices():
        if voice.name.lower() == name:
            return pb.GetVoiceResponse(voice=render.voice(voice))
    raise NotFoundError("there is no voice of this name; ListVoices lists them", field="name", reason="VOICE_NOT_FOUND")


async def create_voice(deps: Deps, raw: bytes, _context: Context) -> pb.CreateVoiceResponse:
    """Register a cloned or a designed voice. Raises InputError and what the service raises."""
    request = parse(pb.CreateVoiceRequest, raw)
    name = new_voice_name(request.name)
    limits, source = deps.settings.limits, request.WhichOneof("source")
    if source == "reference":
        transcript = _limited(request.reference.transcript, "reference.transcript", limits.max_instruct_chars)
        append = request.reference.append_silence if request.reference.HasField("append_silence") else True
        rate = deps.service.model_info().reference_rate
        pcm = await asyncio.to_thread(
            read_reference, request.reference.audio, rate, max_s=limits.max_reference_s, append_silence=append
        )
        voice = await deps.service.create_voice(name, pcm, transcript or None)
    elif source == "design":
        instruct = _limited(request.design.instruct, "design.instruct", limits.max_instruct_chars)
        if not instruct.strip():
            raise InputError("instruct is empty: describe the voice", field="design.instruct")
        language = name_of(request.design.language, "design.language")
        voice = await deps.service.design_voice(name, instruct, language)
    else:
        raise InputError("give reference audio or a design", field="source")
    return pb.CreateVoiceResponse(voice=render.voice(voice))


async def delete_voice(deps: Deps, raw: bytes, _context: Context) -> pb.DeleteVoiceResponse:
    """Remove a registered voice. Raises NotFoundError, InputError for a preset."""
    await deps.service.delete_voice(name_of(parse(pb.DeleteVoiceRequest, raw).name, "name"))
    return pb.DeleteVoiceResponse()


async def get_model_info(deps: Deps, raw: bytes, _context: Context) -> pb.GetModelInfoResponse:
    """The loaded model and the limits in force."""
    parse(pb.GetModelInfoRequest, raw)
    return render.model_info(deps.service.model_info(), deps.settings)


def _limited(text: str, field: str, most: int) -> str:
    if len(text) > most:
        message = f"{field} has {len(text)} characters; at most {most} are allowed"
        raise InputError(message, field=field, reason="TEXT_TOO_LONG")
    return text
