"""The command line ``qwentts``. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

from qwentts_svc.cli.main import main

__all__ = ["main"]
