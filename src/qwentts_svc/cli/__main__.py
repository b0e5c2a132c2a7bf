"""``python -m qwentts_svc.cli``."""

from __future__ import annotations

import sys

from qwentts_svc.cli.main import main

sys.exit(main())
