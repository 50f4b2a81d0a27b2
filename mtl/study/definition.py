"""A whole study: its entries, what each task may see, and its way to and from TOML."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from mtl.expressions import quote_column
from mtl.study import checks, toml
from mtl.study.entries import Entry, Feature, Name, Plain, Stage, StudyError, Task, Text
from mtl.study.trials import Treatment

_T = TypeVar("_T")


class Study(Entry):
    """The definition of a problem.

    Raises
    ------
    StudyError
        On construction, with every problem found: duplicate names, references to nothing, expressions that
        cannot be read, entries a kind needs and lacks, a task that sees no feature.

    Examples
    --------
    >>> study = Study.from_toml('''
    ... [study]
    ... name = "example"
    ... identifier = "id"
    ... [[stage]]
    ... name = "presentation"
    ... [[feature]]
    ... name = "age"
    ... kind = "numeric"
    ... stage = "presentation"
    ... [[task]]
    ... name = "died"
    ... kind = "binary"
    ... role = "prognosis"
    ... stage = "presentation"
    ... target = "dead == 1"
    ... ''')
    >>> study.visible("died"), study.outcome_columns
    (['age'], ['dead'])
    """

    name: Name
    identifier: Name
    title: Text = Text()
    description: Text = Text()
    intended_use: Text = Text()
    not_for: Text = Text()
    licence: Plain = ""
    source: Plain = ""
    citation: Plain = ""
    version: Plain = "1"
    demonstration: bool = False
    patient: Name | None = None
    site: Name | None = None
    date: Name | None = None
    stages: list[Stage] = Field(default_factory=list)
    features: list[Feature] = Field(default_factory=list)
    tasks: list[Task] = Field(default_factory=list)
    treatments: list[Treatment] = Field(default_factory=list)

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            problems = checks.explain(error, data)
            raise StudyError(_join(problems, data.get("name"))) from None
        problems = checks.problems(self)
        if not problems:
            problems = [
                f"task {task.name!r}: sees no feature; give it a later stage, a feature, or fewer excludes"
                for task in self.tasks
                if not self.visible(task.name)
            ]
        if problems:
            raise StudyError(_join(problems, self.name))

    @classmethod
    def from_toml(cls, source: str | Path) -> Study:
        """A study from a TOML file (a path) or from TOML text (a string with a line break).

        Raises
        ------
        StudyError
            The text is not TOML or not a study.
        """
        return cls.from_dict(toml.load(source))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Study:
        """A study from the tables of its TOML file: study, stage, feature, task, treatment."""
        return cls(**toml.fields(data))

    def to_dict(self) -> dict[str, Any]:
        """The tables of the study's TOML file, of plain values, ready for JSON."""
        return toml.tables(self)

    def to_toml(self) -> str:
        """The study as TOML; `Study.from_toml` gives an equal study back."""
        return toml.dump(self.to_dict())

    def feature(self, name: str) -> Feature:
        """The feature of that name; StudyError names those there are."""
        return _find(self._features, name, "feature")

    def task(self, name: str) -> Task:
        """The task of that name; StudyError names those there are."""
        return _find(self._tasks, name, "task")

    def treatment(self, column: str) -> Treatment:
        """The treatment of that column; StudyError names those there are."""
        return _find({treatment.column: treatment for treatment in self.treatments}, column, "treatment")

    def stage(self, name: str) -> Stage:
        """The stage of that name; StudyError names those there are."""
        return _find({stage.name: stage for stage in self.stages}, name, "stage")

    def given(self, column: str) -> str:
        """The condition under which a treatment was given: its task's target, else that its column is 1."""
        treatment = self.treatment(column)
        target = self.task(treatment.task).target if treatment.task else None
        return target or f"{quote_column(column)} == 1"

    def visible(self, task: str) -> list[str]:
        """The features a task may see, in study order: the leakage rule.

        A feature is visible when its stage is the task's or earlier, unless the task excludes it, its own
        target, time or event reads it, it is the time or event of any survival task, or the task is a
        prognosis and the feature says what treatment was given.
        """
        return list(self._visible(self.task(task)))

    @property
    def outcome_columns(self) -> list[str]:
        """Every column that some task's target, time or event reads, in order of first use."""
        return list(dict.fromkeys(name for task in self.tasks for name in _columns(task)))

    @property
    def treatment_columns(self) -> list[str]:
        """The columns that say what was given."""
        return [treatment.column for treatment in self.treatments]

    @property
    def survival_columns(self) -> list[str]:
        """The time and event columns of all survival tasks."""
        tasks = (task for task in self.tasks if task.kind == "survival")
        return list(dict.fromkeys(name for task in tasks for name in _columns(task)))

    def _visible(self, task: Task) -> list[str]:
        order = {stage.name: place for place, stage in enumerate(self.stages)}
        hidden = task.target_columns | set(task.excludes) | set(self.survival_columns)
        if task.role == "prognosis":
            hidden |= set(self.treatment_columns)
        return [
            feature.name
            for feature in self.features
            if order[feature.stage] <= order[task.stage] and feature.name not in hidden
        ]

    @cached_property
    def _features(self) -> dict[str, Feature]:
        return {feature.name: feature for feature in self.features}

    @cached_property
    def _tasks(self) -> dict[str, Task]:
        return {task.name: task for task in self.tasks}


def _columns(task: Task) -> list[str]:
    return [name for expression in task.expressions for name in sorted(expression.columns)]


def _find(entries: dict[str, _T], name: str, what: str) -> _T:
    if name not in entries:
        known = ", ".join(entries) or "none"
        raise StudyError(f"the study has no {what} {name!r}; it has: {known}")
    return entries[name]


def _join(problems: list[str], name: Any) -> str:
    start = f"study {name!r}: " if isinstance(name, str) else "study: "
    return start + (problems[0] if len(problems) == 1 else "\n".join(["several problems", *problems]))
