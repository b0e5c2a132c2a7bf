"""Settings: where they come from, what is refused, and that nothing secret is shown."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from qwentts_svc.config import CONFIG_DIR_VARIABLE, Settings, load
from qwentts_svc.config.report import REDACTED, as_json, as_text
from qwentts_svc.config.runtime import RunawaySettings
from qwentts_svc.config.settings import SECTIONS, leaf_values
from qwentts_svc.config.template import render
from qwentts_svc.errors import InputError

SHIPPED = Path(__file__).parents[2] / "configs"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("QWENTTS_") and ("__" in name or name == CONFIG_DIR_VARIABLE):
            monkeypatch.delenv(name)


def write(directory: Path, section: str, text: str) -> Path:
    (directory / f"{section}.toml").write_text(text, encoding="utf-8")
    return directory


@pytest.mark.parametrize("section", SECTIONS)
def test_the_shipped_files_are_what_the_classes_say(section: str) -> None:
    shipped = (SHIPPED / f"{section}.toml").read_text(encoding="utf-8")
    assert shipped == render(section), "run 'make configs'"


def test_the_shipped_files_give_the_defaults_and_name_every_setting() -> None:
    resolved = load(config_dir=SHIPPED)
    assert resolved.settings == load().settings
    unnamed = [key for key, source in resolved.sources.items() if source == "default"]
    assert unnamed == []


def all_fields(model: type[BaseModel], prefix: str = "") -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for name, info in model.model_fields.items():
        found.append((prefix + name, info.description))
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            found += all_fields(info.annotation, f"{prefix}{name}.")
    return found


def test_every_setting_is_described() -> None:
    assert [key for key, description in all_fields(Settings) if not description] == []


def test_arguments_win_over_environment_over_file_over_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "server", 'port = 1\nhost = "::1"\n[limits]\nmax_segments = 5\n')
    monkeypatch.setenv("QWENTTS_SERVER__PORT", "2")
    monkeypatch.setenv("QWENTTS_SERVER__LIMITS__MAX_TEXT_CHARS", "77")
    resolved = load({"server": {"port": 3}}, config_dir=tmp_path)
    server = resolved.settings.server
    assert (server.port, server.host, server.limits.max_segments, server.limits.max_text_chars) == (3, "::1", 5, 77)
    assert resolved.sources["server.port"] == "init"
    assert resolved.sources["server.limits.max_text_chars"] == "env QWENTTS_SERVER__LIMITS__MAX_TEXT_CHARS"
    assert resolved.sources["server.host"] == f"file {tmp_path / 'server.toml'}"
    assert resolved.sources["model.dtype"] == "default"
    assert load(config_dir=tmp_path).settings.server.port == 2


def test_the_directory_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONFIG_DIR_VARIABLE, str(write(tmp_path, "model", 'dtype = "bfloat16"\n')))
    assert load().settings.model.dtype == "bfloat16"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prt = 1\n", ["server.toml", "'server.prt'", "did you mean 'port'"]),
        ("[limits]\nzzz = 1\n", ["server.toml", "'server.limits.zzz'", "known here are", "max_segments"]),
        ("port = 99999\n", ["server.toml", "'server.port'", "65535"]),
        ('[pacing]\ndefault_chunk_ms = "soon"\n', ["server.toml", "'server.pacing.default_chunk_ms'", "integer"]),
        ("port = \n", ["server.toml", "not valid TOML"]),
    ],
)
def test_a_bad_file_is_refused_by_file_and_key(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        load(config_dir=write(tmp_path, "server", text))
    for word in words:
        assert word in caught.value.public_message


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("QWENTTS_SERVER__PRT", ["QWENTTS_SERVER__PRT", "did you mean 'port'"]),
        ("QWENTTS_SERVR__PORT", ["QWENTTS_SERVR__PORT", "unknown section 'servr'"]),
        ("QWENTTS_SERVER__PORT", ["QWENTTS_SERVER__PORT", "integer"]),
        ("QWENTTS_SERVER__VOICES__ALIASES", ["JSON"]),
    ],
)
def test_a_bad_variable_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, variable: str, words: list[str]) -> None:
    monkeypatch.setenv(variable, "x")
    with pytest.raises(InputError) as caught:
        load()
    for word in words:
        assert word in caught.value.public_message


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load(config_dir=tmp_path / "nowhere")


def test_settings_cannot_be_changed_after_loading() -> None:
    settings = load().settings
    with pytest.raises(ValidationError):
        settings.server.limits.max_segments = 9  # type: ignore[misc]  # the point of the test
    with pytest.raises(ValidationError):
        settings.server = settings.server  # type: ignore[misc]  # the point of the test


def test_secrets_appear_in_no_report() -> None:
    resolved = load({"server": {"log": {"text_hash_key": "swordfish"}}})
    for report in (as_text(resolved), as_json(resolved), repr(resolved.settings)):
        assert "swordfish" not in report
    assert json.loads(as_json(resolved))["server.log.text_hash_key"] == {"value": REDACTED, "source": "init"}


def test_the_report_names_every_setting_once() -> None:
    lines = as_text(load()).splitlines()
    assert [line.split(" = ")[0] for line in lines] == list(leaf_values(Settings()))


@given(st.integers(min_value=0, max_value=65535), st.sampled_from(["debug", "info", "warning", "error"]))
def test_overrides_come_back_unchanged(port: int, level: str) -> None:
    resolved = load({"server": {"port": port, "log": {"level": level}}})
    assert (resolved.settings.server.port, resolved.settings.server.log.level) == (port, level)
    assert resolved.sources["server.log.level"] == "init"


@pytest.mark.parametrize("rate", [6.25, 12.5, 25.0, 50.0])
def test_the_guard_grants_the_time_that_its_frames_last_whatever_the_codec(rate: float) -> None:
    """Once a codec with shorter frames was granted a fraction of the time, and honest speech was cut."""
    stated = RunawaySettings(base_frames=80, frames_per_token=12.0, loop_frames=100, silence_frames=0)
    guard = stated.at(rate)
    times = max(1.0, rate / 12.5)
    assert (guard.base_frames, guard.frames_per_token) == (80 * times, 12.0 * times)
    assert (guard.loop_frames, guard.silence_frames) == (100 * times, 0)
    assert (guard.enabled, guard.retries) == (stated.enabled, stated.retries)
