"""Fine-needle aspirates of breast masses: the Wisconsin diagnostic set, for demonstration only."""

# Chinese signs count double, and the tables read better in long lines.

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from recipes import Sample, both

# Name in the source, English, Chinese.
QUANTITIES = [
    ("radius", "Radius", "半径"),
    ("texture", "Texture", "纹理"),
    ("perimeter", "Perimeter", "周长"),
    ("area", "Area", "面积"),
    ("smoothness", "Smoothness", "平滑度"),
    ("compactness", "Compactness", "紧密度"),
    ("concavity", "Concavity", "凹度"),
    ("concave_points", "Concave points", "凹点"),
    ("symmetry", "Symmetry", "对称性"),
    ("fractal_dimension", "Fractal dimension", "分形维数"),
]


def cytology() -> Sample:
    """569 aspirates, of which a fixed stratified quarter is the test part."""
    raw = load_breast_cancer(as_frame=True)
    features = raw.data.rename(columns=lambda name: name.replace(" ", "_"))
    table = pd.concat(
        [
            pd.Series(range(1, len(features) + 1), name="id"),
            features,
            raw.target.map({0: "malignant", 1: "benign"}).rename("diagnosis"),
        ],
        axis=1,
    )
    train, test = train_test_split(table, test_size=0.25, random_state=0, stratify=table["diagnosis"])
    parts = {"train": train.sort_values("id"), "test": test.sort_values("id")}
    return Sample("cytology", parts, PROVENANCE, study(parts["train"]))


def study(train: pd.DataFrame) -> dict[str, Any]:
    """The study; typical ranges are the central 95 % of the training part."""
    features = [
        *(_feature(f"mean_{name}", f"{en}, mean", f"{zh}均值", train) for name, en, zh in QUANTITIES),
        *(
            _feature(f"{name}_error", f"{en}, standard error", f"{zh}标准误", train)
            for name, en, zh in QUANTITIES
        ),
        *(_feature(f"worst_{name}", f"{en}, largest", f"{zh}最大值", train) for name, en, zh in QUANTITIES),
    ]
    return {
        "study": HEAD,
        "stage": [
            {"name": "aspirate", "label": both("Aspirate image", "穿刺细胞图像")},
            {"name": "histology", "label": both("Histology", "组织学诊断")},
        ],
        "feature": features,
        "task": [
            {
                "name": "malignant", "kind": "binary", "role": "diagnosis", "stage": "aspirate",
                "label": both("Malignant", "恶性"), "target": 'diagnosis == "malignant"',
                "event_label": both("malignant on histology", "组织学证实为恶性"), "cutoffs": [0.1, 0.5],
            },
            {
                "name": "worst_area", "kind": "regression", "role": "diagnosis", "stage": "aspirate",
                "label": both("Area of the largest nuclei", "最大细胞核面积"), "target": "worst_area", "decimals": 0,
                "unit": both("square pixels", "平方像素"),
                "excludes": [f"worst_{name}" for name, _, _ in QUANTITIES],
                "description": both(
                    "From the mean and standard-error features alone: every measure of the largest nuclei is hidden.",
                    "仅由均值与标准误特征预测：所有最大值特征均被隐藏。",
                ),
            },
        ],
    }  # fmt: skip


def _feature(name: str, en: str, zh: str, train: pd.DataFrame) -> dict[str, Any]:
    low, high = (float(f"{value:.4g}") for value in train[name].quantile([0.025, 0.975]))
    largest = float(train[name].max())
    decimals = 0 if largest >= 200 else 1 if largest >= 10 else 3 if largest >= 0.1 else 4
    feature = {
        "name": name, "kind": "numeric", "stage": "aspirate", "label": both(en, zh),
        "valid": [0, float(f"{3 * largest:.2g}")], "typical": [low, high], "decimals": decimals,
    }  # fmt: skip
    quantity = name.removeprefix("mean_").removeprefix("worst_").removesuffix("_error")
    if quantity in ("radius", "perimeter"):
        feature["unit"] = both("pixels", "像素")
    elif quantity == "area":
        feature["unit"] = both("square pixels", "平方像素")
    return feature


HEAD: dict[str, Any] = {
    "name": "cytology",
    "identifier": "id",
    "title": both("Breast cytology, Wisconsin", "乳腺细胞学（威斯康星）"),
    "description": both(
        "Fine-needle aspirates of breast masses: 30 features computed from digitised images of cell nuclei.",
        "乳腺肿块细针穿刺：由细胞核数字化图像计算的30个特征。",
    ),
    "intended_use": both("Demonstration and teaching of the program.", "仅用于程序演示与教学。"),
    "not_for": both(
        "Image-derived features, for demonstration only: not for diagnosis. The cases are not a consecutive series and "
        "the images were made with one laboratory's equipment.",
        "特征由图像计算得出，仅供演示，不得用于诊断。病例非连续入组，图像由单一实验室的设备采集。",
    ),
    "licence": "CC BY 4.0",
    "source": "scikit-learn, load_breast_cancer (UCI Machine Learning Repository, Breast Cancer Wisconsin (Diagnostic))",
    "citation": "Wolberg W, Mangasarian O, Street N, Street W. Breast Cancer Wisconsin (Diagnostic). UCI Machine Learning "
    "Repository, 1993. https://doi.org/10.24432/C5DW2B",
    "version": "1",
    "demonstration": True,
}

PROVENANCE = """
# Cytology

569 fine-needle aspirates of breast masses (212 malignant, 357 benign), University of Wisconsin. Thirty features computed
from digitised images of cell nuclei: of ten quantities the mean, its standard error, and the mean of the three largest
values ("worst"). For demonstration only.

- **Source**: `sklearn.datasets.load_breast_cancer`, a copy of the UCI data set Breast Cancer Wisconsin (Diagnostic).
- **Licence**: CC BY 4.0 (UCI); the copy in scikit-learn is under BSD-3-Clause.
- **Cite**: Wolberg W, Mangasarian O, Street N, Street W. Breast Cancer Wisconsin (Diagnostic). UCI Machine Learning
  Repository, 1993. https://doi.org/10.24432/C5DW2B. Street WN, Wolberg WH, Mangasarian OL. Nuclear feature extraction for
  breast tumor diagnosis. Proc SPIE 1993;1905:861-870.

## What was changed

- Feature names have underscores for spaces. `id` is the row number in the source. `diagnosis` is written out.
- `train.csv` (426) and `test.csv` (143): a split of 75 / 25 %, stratified by diagnosis, fixed in `make.py`.
- The unit of lengths is not given by the source; they are pixels of the digitised image.
"""
