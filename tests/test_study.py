"""The study's TOML, its leakage rule and its complaints."""

# Tables of cases read better in long lines.
# ruff: noqa: E501

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl.data import load_sample, sample_names
from mtl.study import Feature, Level, Study, StudyError, Task, Text, Trial

BASE: dict[str, Any] = {
    "study": {"name": "base", "identifier": "id", "patient": "person"},
    "stage": [{"name": "early"}, {"name": "late"}],
    "feature": [
        {"name": "age", "kind": "numeric", "stage": "early"},
        {"name": "size", "kind": "ordinal", "stage": "late", "levels": ["small", "large"]},
        {"name": "nodes", "kind": "numeric", "stage": "late"},
        {"name": "drug", "kind": "boolean", "stage": "late"},
    ],
    "task": [
        {"name": "positive", "kind": "binary", "role": "diagnosis", "stage": "late", "target": "nodes > 0"},
        {"name": "treated", "kind": "binary", "role": "treatment", "stage": "late", "target": "drug == 1"},
        {
            "name": "death", "kind": "survival", "role": "prognosis", "stage": "late", "time": "time", "event": "dead",
            "time_unit": "days", "horizons": [1, 5],
        },
        {"name": "class", "kind": "multiclass", "role": "diagnosis", "stage": "early", "target": "c", "classes": [1, 2]},
    ],
    "treatment": [
        {
            "column": "drug", "task": "treated",
            "trial": [
                {
                    "name": "one", "outcome": "death", "applies": "nodes > 0", "population": "all", "citation": "none",
                    "tasks": ["death"], "hazard_ratio": [{"value": 0.7, "low": 0.5, "high": 0.9}],
                }
            ],
        }
    ],
}  # fmt: skip


def changed(**at: Any) -> dict[str, Any]:
    """BASE with values set at paths such as feature__0__kind; None deletes."""
    data = copy.deepcopy(BASE)
    for path, value in at.items():
        *steps, last = [int(step) if step.isdigit() else step for step in path.split("__")]
        place: Any = data
        for step in steps:
            place = place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return data


def test_leakage_rule() -> None:
    study = Study.from_dict(BASE)
    assert study.visible("positive") == ["age", "size", "drug"]  # not its own target column
    assert study.visible("treated") == ["age", "size", "nodes"]
    assert study.visible("death") == ["age", "size", "nodes"]  # a prognosis never sees a treatment
    assert study.visible("class") == ["age"]  # a later stage is not known yet
    excluded = Study.from_dict(changed(task__0__excludes=["size"]))
    assert excluded.visible("positive") == ["age", "drug"]
    assert study.outcome_columns == ["nodes", "drug", "time", "dead", "c"]
    assert study.treatment_columns == ["drug"] and study.survival_columns == ["time", "dead"]
    assert study.given("drug") == "drug == 1"


def test_lookup_names_what_exists() -> None:
    study = Study.from_dict(BASE)
    assert study.feature("age").name == "age" and study.task("death").horizons == [1, 5]
    assert study.treatment("drug").trials[0].hazard_ratios[0].value == 0.7
    with pytest.raises(StudyError, match="no task 'recurrence'; it has: positive, treated, death, class"):
        study.task("recurrence")
    with pytest.raises(StudyError, match="no feature 'x'; it has: age"):
        study.visible("positive") and study.feature("x")


@pytest.mark.parametrize(
    ("at", "entry", "problem"),
    [
        ({"feature__1__name": "age"}, "feature 'age'", "occurs 2 times"),
        ({"task__1__name": "positive"}, "task 'positive'", "occurs 2 times"),
        ({"stage__1__name": "early"}, "stage 'early'", "occurs 2 times"),
        (
            {"feature__0__stage": "never"},
            "feature 'age'",
            "'never' is not in the study; use one of: early, late",
        ),
        ({"task__0__stage": "never"}, "task 'positive'", "'never' is not in the study"),
        ({"task__0__target": "nodes = 0"}, "task 'positive'", "write =="),
        (
            {"study__site": "person"},
            "study",
            "'person' identifies the patient; name another column",
        ),
        ({"study__date": "id"}, "study", "'id' identifies the patient; name another column"),
        ({"study__date": "when", "study__site": "when"}, "study", "both are the column 'when'"),
        ({"feature__1__error": 2}, "feature 'size'", "of numeric features only; this one is ordinal"),
        (
            {"feature__0__error": 2, "feature__0__error_percent": 5},
            "feature 'age'",
            "say the measurement error once",
        ),
        ({"feature__0__error": 0}, "feature 'age', error", "greater than 0"),
        ({"task__0__target": "nodes + 1"}, "task 'positive'", "a condition or a column is needed"),
        ({"task__0__target": None}, "task 'positive'", "target: a binary task needs it"),
        ({"task__2__horizons": None}, "task 'death'", "needs horizons"),
        ({"task__2__horizons": [5, 1]}, "task 'death'", "ascending"),
        ({"task__2__time_unit": None}, "task 'death'", "time_unit: a survival task needs it"),
        (
            {"task__2__time_unit": "decades"},
            "task 'death', time_unit",
            "'days', 'weeks', 'months' or 'years'",
        ),
        ({"task__3__classes": None}, "task 'class'", "needs classes"),
        ({"task__0__excludes": ["nothing"]}, "task 'positive'", "'nothing' is no feature"),
        ({"task__0__cutoffs": [1.5]}, "task 'positive'", "between 0 and 1"),
        ({"task__0__weight": 0}, "task 'positive', weight", "greater than 0"),
        ({"task__0__name": "a@5y"}, "task 'a@5y'", "no @ or ="),
        ({"feature__1__levels": None}, "feature 'size'", "needs levels"),
        ({"feature__0__levels": [1, 2]}, "feature 'age'", "has no levels"),
        ({"feature__0__name": "time"}, "feature 'time'", "time or event of task 'death'"),
        ({"feature__0__name": "id"}, "feature 'id'", "identifies the patient"),
        ({"feature__0__name": "person"}, "feature 'person'", "identifies the patient"),
        ({"feature__0__name": "a\x07b"}, "feature 'a\\x07b', name", "control or invisible"),
        ({"feature__0__name": "a\u202eb"}, "name", "control or invisible"),
        ({"feature__0__valid": [5, 1]}, "feature 'age'", "not below"),
        ({"feature__0__valid": [0, 10], "feature__0__typical": [5, 20]}, "feature 'age'", "outside valid"),
        ({"feature__0__valid": [0, float("nan")]}, "feature 'age', valid", "finite"),
        ({"feature__0__units": "mm"}, "feature 'age', units", "not an entry of a study"),
        ({"feature__0__kind": None}, "feature 'age', kind", "is required"),
        ({"study__identifier": None}, "identifier", "is required"),
        ({"treatment__0__task": "nothing"}, "treatment 'drug'", "'nothing' is not in the study"),
        ({"treatment__0__task": "positive"}, "treatment 'drug'", "role treatment"),
        (
            {"treatment__0__trial__0__tasks": ["x"]},
            "trial 'one'",
            "'x' is not in the study; use one of: death",
        ),
        ({"treatment__0__trial__0__tasks": ["class"]}, "trial 'one'", "no survival task"),
        (
            {"treatment__0__trial__0__applies": "er > 1"},
            "trial 'one'",
            "'er' is no feature or treatment column",
        ),
        ({"treatment__0__trial__0__hazard_ratio": []}, "trial 'one'", "no hazard ratio"),
        ({"treatment__0__trial__0__hazard_ratio__0__low": 0.8}, "trial 'one'", "not between"),
        ({"treatment__0__trial__0__hazard_ratio__0__low": None}, "trial 'one'", "give both low and high"),
        ({"treatment__0__trial__0__hazard_ratio__0__end": 5}, "trial 'one'", "nothing after year 5"),
        ({"treatment__0__trial__0__hazard_ratio__0__start": 5}, "trial 'one'", "must begin at 0"),
        ({"task__3__excludes": ["age"]}, "task 'class'", "sees no feature"),
    ],
)
def test_errors_name_entry_and_remedy(at: dict[str, Any], entry: str, problem: str) -> None:
    with pytest.raises(StudyError) as caught:
        Study.from_dict(changed(**at))
    assert entry in str(caught.value) and problem in str(caught.value)


def test_all_problems_at_once() -> None:
    with pytest.raises(StudyError) as caught:
        Study.from_dict(changed(feature__0__stage="never", task__2__horizons=[], task__0__target="("))
    assert len(str(caught.value).splitlines()) == 4


def test_periods_tile_and_an_open_end_is_for_shown_trials_only() -> None:
    periods = [{"value": 0.5, "start": 0, "end": 5}, {"value": 0.7, "start": 5}]
    Study.from_dict(changed(treatment__0__trial__0__hazard_ratio=periods))
    gap = [{"value": 0.5, "start": 0, "end": 4}, {"value": 0.7, "start": 5}]
    with pytest.raises(StudyError, match="each where the last ended"):
        Study.from_dict(changed(treatment__0__trial__0__hazard_ratio=gap))
    ended = [{"value": 0.5, "start": 0, "end": 5}]
    Study.from_dict(changed(treatment__0__trial__0__hazard_ratio=ended, treatment__0__trial__0__tasks=[]))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("study = 1\n", "[study] is absent"),
        ("[study\n", "not TOML"),
        ("x = 1" + "0" * 5000 + "\n", "not TOML"),
        ("x = " + "[" * 100_000 + "\n", "study:"),
        ("[study]\nname='a'\nidentifier='i'\n[[features]]\nname='x'\n", "unknown table 'features'"),
        ("[study]\nname='a'\nidentifier='i'\nfeatures = 3\n", "write [[feature]] tables"),
        ("[study]\nname='a'\nidentifier='i'\nfeature = 3\n[[task]]\n", "study"),
        ("feature = 3\n[study]\nname='a'\nidentifier='i'\n", "features"),
        ("treatment = [3]\n[study]\nname='a'\nidentifier='i'\n", "treatment"),
    ],
)
def test_text_that_is_no_study(text: str, problem: str) -> None:
    with pytest.raises(StudyError) as caught:
        Study.from_toml(text)
    assert problem in str(caught.value)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(Study.from_dict(BASE).to_toml(), encoding="utf-8")
    assert Study.from_toml(path) == Study.from_toml(str(path)) == Study.from_dict(BASE)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(StudyError, match="not UTF-8"):
        Study.from_toml(path)
    with pytest.raises(StudyError, match="cannot be read"):
        Study.from_toml(tmp_path / "absent.toml")


def test_texts_and_levels() -> None:
    text = Text(en="age", zh="年龄")
    assert (text.get("zh_Hans"), text.get("en"), f"{text}", bool(Text())) == ("年龄", "age", "age", False)
    assert (
        Level(value=2).text == "2" and Level(value="2").value == "2" and Level(value=0.5).get("zh") == "0.5"
    )
    assert Feature(name="x", kind="ordinal", stage="s", levels=[0, 0.5, 1]).level_numbers == [0, 0.5, 1]
    assert Feature(name="x", kind="categorical", stage="s", levels=[5, 6]).level_numbers == [0, 1]


def test_the_example_of_the_documentation() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "study-file.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    study = Study.from_toml(example)
    assert study.visible("recurrence") == ["age", "size", "nodes", "er"]
    assert study.visible("nodal_metastasis") == ["age", "size", "er"]
    for entry in (*Study.model_fields, *Task.model_fields, *Feature.model_fields, *Trial.model_fields):
        if entry not in ("stages", "features", "tasks", "treatments", "hazard_ratios"):
            assert f"`{entry}`" in page


def test_a_study_cannot_be_changed() -> None:
    study = Study.from_dict(BASE)
    with pytest.raises(ValueError, match="frozen"):
        study.name = "other"


@pytest.mark.parametrize("name", sample_names())
def test_samples_round_trip(name: str) -> None:
    study, _ = load_sample(name)
    assert Study.from_toml(study.to_toml()) == study == Study.from_dict(study.to_dict())


printable = st.text(
    st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), min_size=1, max_size=12
).filter(lambda text: text == text.strip())
prose = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=[chr(c) for c in [*range(9), *range(11, 32), *range(127, 160)]]), max_size=30)  # fmt: skip
texts = prose | st.fixed_dictionaries({"en": prose, "zh": prose})
numbers = st.floats(-1e300, 1e300, allow_nan=False) | st.integers(-(2**53), 2**53)


@st.composite
def studies(draw: st.DrawFn) -> dict[str, Any]:
    """A valid study with arbitrary names, texts and numbers."""
    names = draw(st.lists(printable, min_size=4, max_size=6, unique_by=str.casefold))
    low, high = sorted(draw(st.lists(numbers.map(float), min_size=2, max_size=2, unique=True)))
    levels = draw(st.lists(printable, min_size=2, max_size=4, unique=True))
    features = [
        {"name": names[0], "kind": "numeric", "stage": "s", "label": draw(texts), "valid": [low, high]},
        {
            "name": names[1], "kind": "categorical", "stage": "s", "unit": draw(texts),
            "levels": [{"value": value, "label": draw(texts)} for value in levels],
            "codes": draw(st.dictionaries(printable, prose, max_size=2)), "changeable": draw(st.booleans()),
        },
    ]  # fmt: skip
    quoted = "`" + names[2].replace("`", "``") + "`"
    task = {
        "name": "task", "kind": "binary", "role": "diagnosis", "stage": "s", "label": draw(texts),
        "target": f"{quoted} > 0", "weight": draw(st.floats(1e-6, 1e6)), "description": draw(texts),
    }  # fmt: skip
    head = {"name": draw(printable), "identifier": names[3], "title": draw(texts), "licence": draw(prose)}
    return {
        "study": head,
        "stage": [{"name": "s", "label": draw(texts)}],
        "feature": features,
        "task": [task],
    }


@settings(max_examples=60, deadline=None)
@given(data=studies())
def test_any_study_round_trips(data: dict[str, Any]) -> None:
    study = Study.from_dict(data)
    assert Study.from_toml(study.to_toml()) == study
    assert Study.from_dict(study.to_dict()) == study


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["study", "feature", "task", "treatment", "name", "trial"]), inner, max_size=4
            )
        ),
    )
)
def test_any_data_is_refused_with_the_studys_own_error(data: Any) -> None:
    with pytest.raises(StudyError):
        Study.from_dict(data)
