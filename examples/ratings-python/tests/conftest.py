"""One thread for each test process: on a machine that others share, many threads for small models only wait."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
