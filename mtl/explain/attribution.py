"""What each feature adds to one task's margin: the one representation of an explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    import shap

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Attribution:
    """Contributions of one task's features, measured from the reference patient, on the margin scale.

    Parameters
    ----------
    task : str
    values : float64 (n, p), or (n, p, classes) for a multiclass task
        Interventional Shapley values, in the margin's unit; 0 for a feature that the task may not see.
    base : float or (classes,)
        Mean margin of the background: the reference patient.
    features : list of str
        Names of the p features, in the study's order.
    data : DataFrame (n, p)
        The patients' findings as they were recorded, a column a feature.

    Raises
    ------
    ValueError
        If the shapes do not fit each other.

    Examples
    --------
    >>> found = Attribution("recurrence", np.array([[0.5, -0.2]]), 0.1, ["nodes", "grade"],
    ...                     pd.DataFrame({"nodes": [4], "grade": [2]}))
    >>> found.margin
    array([0.4])
    """

    task: str
    values: Floats
    base: float | Floats
    features: list[str]
    data: pd.DataFrame

    def __post_init__(self) -> None:
        n, p = len(self.data), len(self.features)
        classes = self.values.shape[2:]
        if self.values.shape[:2] != (n, p) or len(classes) > 1 or np.shape(self.base) != classes:
            raise ValueError(
                f"attribution of {self.task!r}: values {self.values.shape} and base {np.shape(self.base)} "
                f"do not fit {n} patients and {p} features; expected ({n}, {p}) or ({n}, {p}, classes) "
                "with a base a class"
            )
        if list(self.data.columns) != self.features:
            raise ValueError(
                f"attribution of {self.task!r}: data has the columns {list(self.data.columns)}, "
                f"expected the features {self.features}"
            )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def margin(self) -> Floats:
        """The margin explained: base plus the sum of the contributions, (n,) or (n, classes)."""
        total: Floats = self.base + self.values.sum(axis=1)
        return total

    def row(self, i: int) -> Attribution:
        """The explanation of the patient at position `i` alone, as an Attribution of one row.

        Raises
        ------
        IndexError
            If there is no such row.
        """
        if not -len(self) <= i < len(self):
            raise IndexError(f"attribution of {self.task!r}: row {i}, there are {len(self)}")
        position = i % len(self)
        rows = slice(position, position + 1)
        return Attribution(self.task, self.values[rows], self.base, self.features, self.data.iloc[rows])

    def to_shap(self) -> shap.Explanation:
        """The same numbers as `shap.Explanation`, for shap's own plots and tools."""
        import shap  # three seconds and 100 MB, needed by nothing else

        base = np.broadcast_to(self.base, (len(self), *self.values.shape[2:])).copy()
        return shap.Explanation(
            values=self.values,
            base_values=base,
            data=self.data.to_numpy(),
            feature_names=list(self.features),
        )
