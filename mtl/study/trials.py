"""The entries of a study that describe treatments and what trials found about them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat

from mtl.study.entries import Entry, Level, Name, Plain, Text

Positive = Annotated[FiniteFloat, Field(gt=0)]


class HazardRatio(Entry):
    """Hazard with the treatment over hazard without, from `start` to `end` years (`end` absent: for good).

    `low` and `high` bound the 95 % interval; both are absent where the source does not give one.
    """

    value: Positive
    low: Positive | None = None
    high: Positive | None = None
    start: Annotated[FiniteFloat, Field(ge=0)] = 0.0
    end: Positive | None = None


class Trial(Entry):
    """What one trial, or one overview of trials, found.

    `tasks` names the survival tasks whose outcome is the trial's own outcome; it is empty where no task has
    it, and then the ratios are shown but never applied. `applies` says for whom the trial speaks;
    `no_effect` for whom trials showed no effect.
    """

    name: Name
    outcome: Text
    applies: Plain
    population: Text
    citation: Plain
    tasks: list[Name] = Field(default_factory=list)
    no_effect: Plain | None = None
    url: Plain = ""
    harms: list[Text] = Field(default_factory=list)
    hazard_ratios: list[HazardRatio] = Field(default_factory=list)


class Treatment(Entry):
    """A column that says what was given, with its levels and its trials."""

    column: Name
    label: Text = Text()
    task: Name | None = None
    levels: list[Level] = Field(default_factory=list)
    trials: list[Trial] = Field(default_factory=list)

    def title(self, language: str = "en") -> str:
        """What a person reads for this treatment: its label, else its column."""
        return self.label.get(language) or self.column
