"""A registered model in a line."""

from __future__ import annotations

from dataclasses import dataclass

from mtl.store.models import ModelRecord


@dataclass(frozen=True)
class ModelSummary:
    """A registered model in a line.

    Attributes
    ----------
    key : str
        Its key in the store.
    version : str
        Short name of its content.
    trained : str
        When, ISO 8601 in UTC.
    effort : str
        "quick" or "thorough".
    n_training : int
        Patients it was trained on.
    tasks : tuple of str
        The tasks it predicts, in study order.
    left_out : dict
        Tasks of the study that it could not learn, with the reason.
    """

    key: str
    version: str
    trained: str
    effort: str
    n_training: int
    tasks: tuple[str, ...]
    left_out: dict[str, str]


def summary(record: ModelRecord) -> ModelSummary:
    """What a page says of a model."""
    return ModelSummary(
        record.key,
        record.version,
        record.trained,
        record.effort,
        record.n_training,
        record.tasks,
        record.left_out,
    )
