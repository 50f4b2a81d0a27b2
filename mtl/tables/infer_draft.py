"""A study in the making: what has been guessed so far, and which columns are still free."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mtl.tables.kinds import Column
from mtl.tables.suspicion import Suspicion


@dataclass(frozen=True)
class Guess:
    """One thing that was inferred: which entry of the study, which field of it, its value, and why."""

    entry: str
    field: str
    value: str
    reason: str


@dataclass
class Draft:
    """A study in the making."""

    name: str
    units: dict[str, str]
    columns: dict[str, Column]
    guesses: list[Guess] = field(default_factory=list)
    suspicions: list[Suspicion] = field(default_factory=list)
    out: set[str] = field(default_factory=set)
    fields: dict[str, Any] = field(default_factory=dict)
    treatments: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)

    def guess(self, entry: str, what: str, value: object, reason: str) -> None:
        """Note one guess."""
        self.guesses.append(Guess(entry, what, str(value), reason))

    def leave_out(self, column: str, reason: str) -> None:
        """Take a column out of what may become a feature."""
        self.out.add(column)
        self.guess(f"column {column}", "use", "left out", reason)

    @property
    def free(self) -> list[Column]:
        """Columns of which nothing has been decided."""
        return [column for name, column in self.columns.items() if name not in self.out]
