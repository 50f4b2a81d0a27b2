"""Which code trains: an edit there makes other models, here and on a cluster alike."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import mtl
from mtl.store.keys import content_digest

ROOT = Path(mtl.__file__).resolve().parent
# What a trained model depends on. An edit there makes another model, so that a stale one is never shown.
_CODE = ("study", "expressions", "data", "model", "multitask.py")


@lru_cache(maxsize=1)
def training_code() -> str:
    """Digest of the training code, as this process imported it or a moment before."""
    parts = [mtl.__version__.encode()]
    for name in _CODE:
        path = ROOT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            parts += [str(file.relative_to(ROOT)).encode(), file.read_bytes()]
    return content_digest(parts)
