"""JSON lines on stderr: one object per record, with the identifiers of the call in progress.

Text of callers never goes into a record: ``TextDigest`` gives its length and a keyed hash instead.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import sys
import time
from collections.abc import Mapping
from typing import Any, Final, TextIO

from qwentts_svc.observability.context import call_ids

FIELDS: Final = "fields"
"""Name of the ``extra`` entry that holds a record's own fields (a mapping)."""


class JsonFormatter(logging.Formatter):
    """One JSON object per record: ts, level, logger, message, trace_id, session_id, req_id and the record's fields.

    A traceback is reduced to the exception's type and the places it passed: messages of exceptions may quote input.
    """

    def format(self, record: logging.LogRecord) -> str:
        ids = call_ids()
        line: dict[str, Any] = {
            "ts": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in ("trace_id", "session_id", "req_id"):
            if value := getattr(ids, name):
                line[name] = value
        fields = getattr(record, FIELDS, None)
        if isinstance(fields, Mapping):
            line.update((key, value) for key, value in fields.items() if value is not None)
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["at"] = _places(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _places(exc_info: Any) -> list[str]:
    places = []
    trace = exc_info[2]
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return places[-12:]


_CHATTY = ("pymorphy3",)
"""Libraries whose news about their own files nobody asked for; their warnings are kept."""


class TextDigest:
    """Describes text without showing it: its length and a keyed hash, equal for equal texts within one process."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)

    def __call__(self, text: str) -> str:
        """Sixteen hexadecimal digits."""
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


def setup_logging(level: str = "info", *, json_lines: bool = True, stream: TextIO | None = None) -> logging.Handler:
    """Send all records to ``stream`` (stderr) and return the handler, so that a caller can take it away again."""
    handler = logging.StreamHandler(stream or sys.stderr)
    if json_lines:
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
    return handler
