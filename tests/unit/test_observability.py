"""Metrics, log lines and trace context on their own."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from pathlib import Path

import pytest
from opentelemetry import trace
from prometheus_client.openmetrics.parser import text_string_to_metric_families

import qwentts_svc
from qwentts_svc.errors import InputError
from qwentts_svc.observability.context import CallIds, set_call_ids
from qwentts_svc.observability.logs import JsonFormatter, TextDigest
from qwentts_svc.observability.observer import NullObserver, Observer
from qwentts_svc.observability.prometheus import PrometheusObserver
from qwentts_svc.observability.tracing import make_provider, parent_context, trace_id_of, tracer_of
from qwentts_svc.types import FinishReason, Priority

METRICS = {
    "qwentts_time_to_first_audio_seconds": "histogram",
    "qwentts_queue_seconds": "histogram",
    "qwentts_real_time_factor": "histogram",
    "qwentts_inter_chunk_gap_seconds": "histogram",
    "qwentts_stream_underruns": "counter",
    "qwentts_audio_seconds": "counter",
    "qwentts_audio_discarded_seconds": "counter",
    "qwentts_requests": "gauge",
    "qwentts_rejections": "counter",
    "qwentts_finished": "counter",
    "qwentts_batch_size": "histogram",
    "qwentts_step_seconds": "histogram",
    "qwentts_kv_blocks": "gauge",
    "qwentts_prefix_cache_hits": "counter",
}


def touch(observer: Observer) -> None:
    """Report one of everything."""
    observer.first_audio(0.1, Priority.INTERACTIVE)
    observer.queued(0.1, Priority.BATCH)
    observer.real_time_factor(0.5)
    observer.inter_chunk_gap(0.08)
    observer.underrun()
    observer.audio(1.5)
    observer.audio_discarded(0.5)
    observer.requests("running", 3)
    observer.rejected("OVERLOADED")
    observer.finished(FinishReason.COMPLETE)
    observer.batch_size(4)
    observer.step("frame", 0.004)
    observer.kv_blocks("free", 10)
    observer.prefix_cache_hit()
    observer.device_memory("allocated", 1 << 30)
    observer.device_utilisation(0.5)
    observer.rpc("Synthesize", "OK", 0.2)


def test_the_metrics_are_those_of_the_contract() -> None:
    observer = PrometheusObserver()
    touch(observer)
    body, kind = observer.exposition()
    assert kind.startswith("application/openmetrics-text")
    families = {family.name: family for family in text_string_to_metric_families(body.decode())}
    assert {name: families[name].type for name in METRICS} == METRICS
    samples = {sample.name: sample.value for sample in families["qwentts_audio_seconds"].samples}
    assert samples["qwentts_audio_seconds_total"] == 1.5


def test_two_observers_do_not_share_a_registry() -> None:
    first, second = PrometheusObserver(), PrometheusObserver()
    first.audio(1.0)
    assert second.registry.get_sample_value("qwentts_audio_seconds_total") == 0


def test_labels_are_bounded_whatever_comes() -> None:
    observer = PrometheusObserver()
    for number in range(1000):
        observer.rejected(f"REASON_{number}")
        observer.finished(f"REASON_{number}")
        observer.step(f"stage{number}", 0.1)
        observer.requests(f"state{number}", 1)
        observer.kv_blocks(f"state{number}", 1)
    assert len(observer.exposition()[0].splitlines()) < 400


def test_the_null_observer_takes_everything() -> None:
    touch(NullObserver())


def line_of(record: logging.LogRecord) -> dict[str, object]:
    value = json.loads(JsonFormatter().format(record))
    assert isinstance(value, dict)
    return value


def test_a_line_is_json_with_ids_and_fields() -> None:
    set_call_ids(CallIds("r1", "s1", "t1"))
    record = logging.makeLogRecord(
        {
            "msg": "step %d\nnew line",
            "args": (3,),
            "levelno": 20,
            "levelname": "INFO",
            "fields": {"stage": "x", "no": None},
        }
    )
    line = line_of(record)
    assert (line["req_id"], line["session_id"], line["trace_id"], line["stage"]) == ("r1", "s1", "t1", "x")
    assert line["message"] == "step 3\nnew line"
    assert "no" not in line
    assert "\n" not in JsonFormatter().format(record)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(line["ts"]))
    set_call_ids(CallIds())


def test_the_message_of_an_exception_is_not_logged() -> None:
    try:
        raise ValueError("what the caller said")
    except ValueError:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": sys.exc_info()})
    line = line_of(record)
    assert line["exception"] == "ValueError"
    assert "what the caller said" not in json.dumps(line)
    assert "test_observability.py" in str(line["at"])


def test_equal_texts_have_equal_digests_under_one_key_only() -> None:
    one, other = TextDigest(b"one"), TextDigest(b"other")
    assert one("said") == one("said") != one("said!")
    assert one("said") != other("said")
    assert TextDigest()("said") != TextDigest()("said")


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", True),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_only_a_well_formed_traceparent_is_taken(header: str, taken: bool) -> None:
    context = parent_context({"traceparent": header, "tracestate": "a=b"})
    span_context = trace.get_current_span(context).get_span_context()
    assert span_context.is_valid is taken
    assert not span_context.trace_state


def test_without_an_endpoint_nothing_is_traced() -> None:
    assert make_provider() is None
    span = tracer_of(None).start_span("x")
    assert trace_id_of(span) == ""


def test_a_missing_exporter_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc.trace_exporter", None)
    with pytest.raises(InputError, match="otlp"):
        make_provider("localhost:4317")


def test_durations_never_come_from_the_wall_clock() -> None:
    """Spans and log lines carry the date; nothing else may know it."""
    root = Path(qwentts_svc.__file__).parent
    guilty = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if re.search(r"\btime\.time(_ns)?\(\)|from time import|datetime\.(now|utcnow|today)", path.read_text())
    }
    assert guilty == {"server/speech.py"}


def test_a_library_does_not_tell_of_its_own_files() -> None:
    from qwentts_svc.observability.logs import setup_logging

    root, stream = logging.getLogger(), io.StringIO()
    level = root.level
    handler = setup_logging("info", stream=stream)
    try:
        logging.getLogger("pymorphy3.opencorpora_dict.wrapper").info("loading dictionaries from a path")
        logging.getLogger("pymorphy3.opencorpora_dict.wrapper").warning("a broken dictionary")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert "a path" not in stream.getvalue()
    assert "a broken dictionary" in stream.getvalue()


def test_logging_can_be_taken_away_again() -> None:
    from qwentts_svc.observability.logs import setup_logging

    stream = io.StringIO()
    handler = setup_logging("info", json_lines=False, stream=stream)
    logging.getLogger("x").info("hello")
    logging.getLogger().removeHandler(handler)
    logging.getLogger("x").info("gone")
    assert "hello" in stream.getvalue()
    assert "gone" not in stream.getvalue()
