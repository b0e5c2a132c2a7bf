"""The RPC table: names, forms and handlers of ``qwentts.v1.TextToSpeech``.

Requests reach the handlers as bytes: a message that does not parse then gets INVALID_ARGUMENT, not UNKNOWN with the
name of a Python class.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import grpc

from qwentts_svc.server import catalog, oneshot, stream
from qwentts_svc.server.deps import Deps
from qwentts_svc.server.pb.qwentts.v1 import tts_pb2 as pb
from qwentts_svc.server.transport import serialize

SERVICE_NAME: Final = pb.DESCRIPTOR.services_by_name["TextToSpeech"].full_name

_UNARY: Final[dict[str, Callable[..., Awaitable[Any]]]] = {
    "Synthesize": oneshot.synthesize,
    "ListVoices": catalog.list_voices,
    "GetVoice": catalog.get_voice,
    "CreateVoice": catalog.create_voice,
    "DeleteVoice": catalog.delete_voice,
    "GetModelInfo": catalog.get_model_info,
}


def speech_handlers(deps: Deps) -> Any:
    """Handlers of all RPCs over ``deps``."""
    methods: dict[str, Any] = {
        name: grpc.unary_unary_rpc_method_handler(partial(handler, deps), response_serializer=serialize)
        for name, handler in _UNARY.items()
    }
    methods["SynthesizeChunks"] = grpc.unary_stream_rpc_method_handler(
        partial(oneshot.synthesize_chunks, deps), response_serializer=serialize
    )
    methods["SynthesizeStream"] = grpc.stream_stream_rpc_method_handler(
        partial(stream.synthesize_stream, deps), response_serializer=serialize
    )
    return grpc.method_handlers_generic_handler(SERVICE_NAME, methods)
