"""Which code trains, and which gathers evidence: an edit there makes other numbers, here and on a cluster alike."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import mtl
from mtl.store.keys import content_digest

ROOT = Path(mtl.__file__).resolve().parent
# What a trained model depends on. An edit there makes another model, so that a stale one is never shown.
_CODE = ("study", "expressions", "data", "model", "multitask.py")


# What evidence depends on besides.
_EVIDENCE = ("evidence", "evaluate", "treatment")


@lru_cache(maxsize=1)
def training_code() -> str:
    """Digest of the training code, as this process imported it or a moment before."""
    return _digest(_CODE)


@lru_cache(maxsize=1)
def evidence_code() -> str:
    """Digest of the code that gathers evidence, as this process imported it or a moment before."""
    return _digest(_EVIDENCE)


def _digest(names: tuple[str, ...]) -> str:
    parts = [mtl.__version__.encode()]
    for name in names:
        path = ROOT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            parts += [str(file.relative_to(ROOT)).encode(), file.read_bytes()]
    return content_digest(parts)
