"""Every answer that production gave, a JSON line each; the file is bounded and the one before it is kept."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

MAX_BYTES = 16 * 1024 * 1024


class PredictionLog:
    """Nothing here makes an answer fail: a line that can't be written is counted and dropped."""

    def __init__(self, path: Path | None, max_bytes: int = MAX_BYTES) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self.dropped = 0

    def append(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Writes the lines at once."""
        if self._path is None:
            return
        content = "".join(json.dumps(record) + "\n" for record in records).encode()
        with self._lock:
            try:
                self._rotate(self._path, len(content))
                with self._path.open("ab") as file:
                    file.write(content)
            except OSError:
                self.dropped += content.count(b"\n")

    def _rotate(self, path: Path, coming: int) -> None:
        if path.exists() and path.stat().st_size + coming > self._max_bytes:
            os.replace(path, path.with_name(f"{path.name}.1"))
