"""The entries of a study that describe columns and questions: texts, stages, levels, features and tasks."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from mtl.expressions import Expression, cells, parse

Kind = Literal["binary", "multiclass", "regression", "survival"]
Role = Literal["diagnosis", "treatment", "prognosis"]
TimeUnit = Literal["days", "weeks", "months", "years"]

YEARS_PER_UNIT: dict[str, float] = {"days": 1 / 365.25, "weeks": 7 / 365.25, "months": 1 / 12, "years": 1.0}


class StudyError(ValueError):
    """A study that cannot be used; the message lists every problem found, with its entry and remedy."""


def _clean_name(name: str) -> str:
    if not name.strip() or name != name.strip():
        raise ValueError("a name must not be empty or begin or end with a space")
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") for sign in name):
        raise ValueError("a name must not hold control or invisible characters; remove them")
    return name


def _clean_text(text: str) -> str:
    if any(unicodedata.category(sign) == "Cc" and sign not in "\n\t" for sign in text):
        raise ValueError("a text must not hold control characters; remove them")
    return text


Name = Annotated[str, Field(max_length=200), AfterValidator(_clean_name)]
Plain = Annotated[str, Field(max_length=20_000), AfterValidator(_clean_text)]


class Entry(BaseModel):
    """What all entries share: they cannot be changed, and an entry nobody knows is an error, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Entry):
    """Words a person reads, in English and, where given, in Chinese.

    Examples
    --------
    >>> Text(en="age", zh="年龄").get("zh"), Text(en="age").get("zh"), str(Text(en="age"))
    ('年龄', 'age', 'age')
    """

    en: Plain = ""
    zh: Plain = ""

    @model_validator(mode="before")
    @classmethod
    def _accept_string(cls, value: Any) -> Any:
        return {"en": value} if isinstance(value, str) else value

    def get(self, language: str = "en") -> str:
        """The text in `language` ("en", "zh", "zh_Hans", ...), in English where it was not translated."""
        return self.zh if language.startswith("zh") and self.zh else self.en

    def __str__(self) -> str:
        return self.en

    def __bool__(self) -> bool:
        return bool(self.en or self.zh)


class Stage(Entry):
    """A moment of care; the order in the study is the order in time."""

    name: Name
    label: Text = Text()


class Level(Entry):
    """One value of an ordinal or categorical column, or one class of a multiclass task."""

    value: Annotated[FiniteFloat | Name, Field(union_mode="smart")]
    label: Text = Text()

    @model_validator(mode="before")
    @classmethod
    def _accept_value(cls, value: Any) -> Any:
        return {"value": value} if isinstance(value, (str, int, float)) else value

    @property
    def text(self) -> str:
        """The value as it is written in a table: 1 for 1.0.

        Examples
        --------
        >>> Level(value=1).text, Level(value="<=20").text
        ('1', '<=20')
        """
        return cells.cell_text(self.value) or ""

    def get(self, language: str = "en") -> str:
        """What a person reads for this level: its label, else its value."""
        return self.label.get(language) or self.text


class Feature(Entry):
    """A column that may be known about a patient when a question is asked.

    `error` (in the unit) or `error_percent` (of the value) is by how much a repeated measurement may differ from the first.
    """

    name: Name
    kind: Literal["numeric", "ordinal", "categorical", "boolean"]
    stage: Name
    label: Text = Text()
    unit: Text = Text()
    valid: tuple[FiniteFloat, FiniteFloat] | None = None
    typical: tuple[FiniteFloat, FiniteFloat] | None = None
    levels: list[Level] = Field(default_factory=list)
    decimals: Annotated[int, Field(ge=0, le=10)] | None = None
    error: Annotated[FiniteFloat, Field(gt=0)] | None = None
    error_percent: Annotated[FiniteFloat, Field(gt=0, le=100)] | None = None
    changeable: bool = False
    codes: dict[Name, Plain] = Field(default_factory=dict)
    description: Text | None = None

    def title(self, language: str = "en") -> str:
        """What a person reads for this feature: its label, else its name."""
        return self.label.get(language) or self.name

    @property
    def level_numbers(self) -> list[float]:
        """The encoded number of each level: its value when all levels are numbers and ordered, else 0, 1, ...

        Examples
        --------
        >>> Feature(name="grade", kind="ordinal", stage="a", levels=[1, 2, 3]).level_numbers
        [1.0, 2.0, 3.0]
        >>> Feature(name="size", kind="ordinal", stage="a", levels=["<=20", ">20"]).level_numbers
        [0.0, 1.0]
        """
        values = [level.value for level in self.levels]
        if self.kind == "ordinal" and all(isinstance(value, float) for value in values):
            return [float(value) for value in values]
        return [float(place) for place in range(len(values))]


class Task(Entry):
    """One thing to predict.

    Binary, multiclass and regression tasks have a `target`, survival tasks a `time` (in `time_unit`) and an
    `event`: expressions, of which a column's name is the simplest. `horizons` are years. `cutoffs` are
    probabilities (or the target's own unit) at which a person may want the cohort divided; they are no
    advice.
    """

    name: Name
    kind: Kind
    role: Role
    stage: Name
    label: Text = Text()
    target: Plain | None = None
    time: Plain | None = None
    event: Plain | None = None
    time_unit: TimeUnit | None = None
    event_label: Text = Text()
    classes: list[Level] = Field(default_factory=list)
    horizons: list[FiniteFloat] = Field(default_factory=list)
    unit: Text = Text()
    decimals: Annotated[int, Field(ge=0, le=10)] | None = None
    cutoffs: list[FiniteFloat] = Field(default_factory=list)
    excludes: list[Name] = Field(default_factory=list)
    weight: Annotated[FiniteFloat, Field(gt=0)] = 1.0
    description: Text | None = None

    def title(self, language: str = "en") -> str:
        """What a person reads for this task: its label, else its name."""
        return self.label.get(language) or self.name

    @property
    def n_outputs(self) -> int:
        """Columns of the task's margin: one per class for multiclass, else 1."""
        return len(self.classes) if self.kind == "multiclass" else 1

    @property
    def expressions(self) -> list[Expression]:
        """The target, or the time and the event, parsed."""
        return [parse(text) for text in (self.target, self.time, self.event) if text is not None]

    @property
    def target_columns(self) -> frozenset[str]:
        """Every column that the target, time or event reads."""
        return frozenset().union(*(expression.columns for expression in self.expressions))
