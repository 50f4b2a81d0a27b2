"""How each sample cohort is made: its tables, its study and its provenance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Sample:
    """One sample as `make.py` writes it; `study` is None where it borrows another sample's."""

    name: str
    tables: dict[str, pd.DataFrame]
    provenance: str
    study: dict[str, Any] | None = None


def both(en: str, zh: str) -> dict[str, str]:
    """A text in English and Chinese."""
    return {"en": en, "zh": zh}


def level(value: str | float, en: str, zh: str) -> dict[str, Any]:
    """A level or class with its label in both languages."""
    return {"value": value, "label": both(en, zh)}
