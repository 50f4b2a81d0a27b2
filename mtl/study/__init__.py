"""The definition of a problem: features, tasks, stages of care, treatments and where the data came from."""

from __future__ import annotations

from mtl.study.definition import Study
from mtl.study.entries import Feature, Level, Stage, StudyError, Task, Text
from mtl.study.trials import HazardRatio, Treatment, Trial

__all__ = [
    "Feature",
    "HazardRatio",
    "Level",
    "Stage",
    "Study",
    "StudyError",
    "Task",
    "Text",
    "Treatment",
    "Trial",
]
