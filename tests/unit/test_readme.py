"""The README speaks of commands, targets and files that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from qwentts_svc.cli.main import build_parser

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCED = re.findall(r"^```(\w*)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
BLOCKS = "\n".join(block for language, block in FENCED if language in {"", "sh"})


def commands() -> list[list[str]]:
    found = []
    for line in BLOCKS.splitlines():
        for part in re.split(r"\s\|\s", line.split("  #")[0]):
            words = shlex.split(re.sub(r"\s>\s.*", "", part)) if "qwentts " in part else []
            if "qwentts" in words:
                found.append(words[words.index("qwentts") + 1 :])
    return found


def test_it_opens_with_the_two_commands() -> None:
    assert re.findall(r"^make (\w+)", README, re.MULTILINE)[:2] == ["demo", "test"]


@pytest.mark.parametrize("argv", commands(), ids=" ".join)
def test_every_command_parses(argv: list[str]) -> None:
    build_parser().parse_args(argv)


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"^make (\w+)", README, re.MULTILINE))
    assert named
    assert named - targets == set()


def test_every_linked_file_of_this_project_exists() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []
