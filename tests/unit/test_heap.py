from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import gc, json, time
from qwentts_svc.heap import settle_heap
from qwentts_svc.text.normalize import warm
warm()

def took():
    start = time.process_time()
    gc.collect()
    return time.process_time() - start

before = len(gc.get_objects()), min(took() for _ in range(3))
settle_heap()
after = len(gc.get_objects()), min(took() for _ in range(3))
print(json.dumps([before, after]))
"""


def test_what_is_loaded_is_not_looked_at_again() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    (objects, seconds), (left, left_s) = json.loads(run.stdout)
    assert objects > 20_000
    assert left < objects / 20
    assert left_s < seconds / 3
