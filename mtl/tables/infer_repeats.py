"""Columns that say what an earlier column says, but for unit, rounding or the names of levels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtl.language import gettext as _
from mtl.tables.kinds import Column
from mtl.tables.suspicion import FEWEST, SINGLE_ROWS, Suspicion, some_rows

DUPLICATE = 0.9995  # correlation; the radius and area of a nucleus, which are two measures, have .99
AGREED = 0.995  # share of rows in which levels correspond


def near_duplicates(columns: Sequence[Column], seed: int = 0) -> list[Suspicion]:
    """Columns that repeat an earlier one, but for unit, rounding or the names of levels."""
    rng = np.random.default_rng(seed)
    if len(columns) < 2:
        return []
    rows = some_rows(columns[0].rows, SINGLE_ROWS, rng)
    found: dict[str, Suspicion] = {}
    numeric = [c for c in columns if c.form in ("numeric", "date")]
    Z = np.column_stack([c.numbers[rows] for c in numeric]) if numeric else np.empty((len(rows), 0))
    known = np.isfinite(Z)
    same = known.T.astype(float) @ known.astype(float)
    mean = np.where(
        known.any(axis=0), np.where(known, Z, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), 0.0
    )
    filled = np.where(known, Z - mean, 0.0)
    size = np.sqrt((filled**2).sum(axis=0))
    R = (filled.T @ filled) / np.where(size > 0, size, 1.0) / np.where(size > 0, size, 1.0)[:, None]
    for j in range(len(numeric)):
        for k in np.flatnonzero(np.abs(R[j, :j]) > DUPLICATE):
            both = same[j, k]
            if both >= FEWEST and both >= 0.95 * max(known[:, j].sum(), known[:, k].sum()):
                found.setdefault(
                    numeric[j].name, _duplicate(numeric[j].name, numeric[int(k)].name, float(abs(R[j, k])))
                )
    few = [c for c in columns if c.form in ("categorical", "ordinal", "boolean")]
    for j, one in enumerate(few):
        for other in few[:j]:
            if one.distinct != other.distinct or one.name in found:
                continue
            both_known = (one.codes[rows] >= 0) & (other.codes[rows] >= 0)
            if both_known.sum() < FEWEST:
                continue
            table = np.zeros((one.distinct, other.distinct))
            np.add.at(table, (one.codes[rows][both_known], other.codes[rows][both_known]), 1)
            agree = float(table.max(axis=1).sum() / both_known.sum())
            most = float(max(one.counts) / max(one.known, 1))
            matched = len(set(table.argmax(axis=1))) == one.distinct
            if matched and agree >= AGREED and agree > most + 0.02:
                found.setdefault(one.name, _duplicate(one.name, other.name, agree))
    return list(found.values())


def _duplicate(name: str, other: str, evidence: float) -> Suspicion:
    return Suspicion(name, "near_duplicate", _("it says the same as {other}").format(other=other), evidence)
