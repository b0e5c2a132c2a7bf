"""What a server loads before its first text, so that the text does not wait for it."""

from __future__ import annotations

import subprocess
import sys

_SCRIPT = """
import importlib, importlib.util, sys
from qwentts_svc.text.normalize import normalize, warm
assert "pymorphy3" not in sys.modules
warm()
before = set(sys.modules)
loaded = []
real = importlib.import_module
importlib.import_module = lambda *a, **k: (loaded.append(a), real(*a, **k))[1]
import re
compiled = re._compiler.compile
def watched(pattern, flags=0):
    loaded.append(pattern)
    return compiled(pattern, flags)
re._compiler.compile = watched
for text in (
    "Call 555-1234 on May 5, it costs $3.50.", "Звоните 8 (495) 123-45-67 до 5 мая, цена 300 руб. \U0001f44d",
    "Am 5.3.2020 für 25 €.", "Le 5 mars 2020, 25 €.", "2024年5月3日", "0.5 \U0001f600",
):
    normalize(text)
print(sorted(set(sys.modules) - before), loaded)
"""


def test_after_warming_no_text_loads_a_module_or_compiles_a_pattern() -> None:
    run = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[] []"
