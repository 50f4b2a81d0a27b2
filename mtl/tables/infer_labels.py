"""Columns that clinical tables often have: their names in both languages, their unit, the range a value can have."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mtl.study import Text
from mtl.tables.infer_names import meaning, unit_of


@dataclass(frozen=True)
class Known:
    """What is commonly known of a column: label, unit and valid range, each absent where it depends on the table."""

    en: str
    zh: str
    unit: str = ""
    valid: tuple[float, float] | None = None


def _known(
    *rows: tuple[str, str, str, str, tuple[float, float] | None],
) -> list[tuple[re.Pattern[str], Known]]:
    return [(re.compile(names), Known(en, zh, unit, valid)) for names, en, zh, unit, valid in rows]


# Ranges are what a living patient can have, not what is normal; a table that exceeds one widens it.
_COLUMNS = _known(
    (r"age|ageatdiagnosis|ageatdx|agey(ea)?rs|patientage|年龄", "Age", "年龄", "years", (0, 120)),
    (r"agegroup\d?|agecat|agegp|aged", "Age group", "年龄组", "", None),
    (r"sex|gender|性别", "Sex", "性别", "", None),
    (r"race", "Race", "种族", "", None),
    (r"ethnic(ity)?|民族", "Ethnicity", "民族", "", None),
    (r"bmi|calcbmi|体质指数|体重指数", "Body mass index", "体质指数（BMI）", "kg/m²", (8, 100)),
    (r"height|hgt|身高", "Height", "身高", "", None),
    (r"weight|wgt|体重", "Weight", "体重", "", None),
    (r"smok(e|er|ing)|smokingstatus|吸烟(史)?", "Smoking", "吸烟", "", None),
    (r"alcohol|饮酒(史)?", "Alcohol", "饮酒", "", None),
    (r"diabetes|糖尿病", "Diabetes", "糖尿病", "", None),
    (r"hypertension|htn|高血压", "Hypertension", "高血压", "", None),
    (r"meno(pause|pausal|stat|status)?|绝经(状态)?", "Menopausal status", "绝经状态", "", None),
    (r"(ph)?ecog(ps)?|ECOG(评分)?", "ECOG performance status", "ECOG体力状况评分", "", None),
    (r"(ph|pat)?karno\w*|kps", "Karnofsky performance score", "KPS评分", "", (0, 100)),
    (r"(t|tumou?r)?grade|组织学分级|分级", "Grade", "组织学分级", "", None),
    (r"stage|tnmstage|临床分期|分期|tnm分期", "Stage", "分期", "", None),
    (r"(t|tumou?r)size|肿瘤大小|肿瘤直径", "Tumour size", "肿瘤大小", "", None),
    (r"p?nodes|阳性淋巴结数?", "Positive lymph nodes", "阳性淋巴结数", "", (0, 100)),
    (r"er|estrec|estrgrecp|雌激素受体", "Oestrogen receptor", "雌激素受体（ER）", "", None),
    (r"pgr|progrec|progrecp|孕激素受体", "Progesterone receptor", "孕激素受体（PR）", "", None),
    (r"her2?", "HER2", "HER2", "", None),
    (r"ki67", "Ki-67", "Ki-67", "%", (0, 100)),
    (r"sbp|sysbp|收缩压", "Systolic blood pressure", "收缩压", "mmHg", (20, 350)),
    (r"dbp|diabp|舒张压", "Diastolic blood pressure", "舒张压", "mmHg", (5, 250)),
    (r"hr|heartrate|pulse|心率", "Heart rate", "心率", "/min", (10, 350)),
    (r"temp(erature)?|体温", "Temperature", "体温", "", None),
    (r"bili(rubin)?|tbil|总?胆红素", "Bilirubin", "总胆红素", "", None),
    (r"alb(umin)?|白蛋白", "Albumin", "白蛋白", "", None),
    (r"chol(esterol)?|总?胆固醇", "Cholesterol", "总胆固醇", "", None),
    (r"trig(lycerides)?|甘油三酯", "Triglycerides", "甘油三酯", "", None),
    (r"alt|谷丙转氨酶|丙氨酸氨基转移酶", "Alanine aminotransferase", "丙氨酸氨基转移酶（ALT）", "", None),
    (r"ast|谷草转氨酶|天门冬氨酸氨基转移酶", "Aspartate aminotransferase", "天门冬氨酸氨基转移酶（AST）", "", None),
    (r"alkphos|alp|碱性磷酸酶", "Alkaline phosphatase", "碱性磷酸酶（ALP）", "", None),
    (r"creat(inine)?|肌酐", "Creatinine", "肌酐", "", None),
    (r"glu(cose)?|血糖|空腹血糖", "Glucose", "血糖", "", None),
    (r"hba1c|糖化血红蛋白", "Haemoglobin A1c", "糖化血红蛋白", "", None),
    (r"hb|hgb|ha?emoglobin|血红蛋白", "Haemoglobin", "血红蛋白", "", None),
    (r"wbc|白细胞(计数)?", "White blood cells", "白细胞计数", "", None),
    (r"platelets?|plt|血小板(计数)?", "Platelets", "血小板计数", "", None),
    (r"crp|c反应蛋白", "C-reactive protein", "C反应蛋白", "", None),
    (r"psa|preoppsa", "Prostate-specific antigen", "前列腺特异性抗原（PSA）", "", None),
    (r"cea|癌胚抗原", "Carcinoembryonic antigen", "癌胚抗原（CEA）", "", None),
    (r"afp|甲胎蛋白", "Alpha-fetoprotein", "甲胎蛋白（AFP）", "", None),
    (r"protime|prothrombintime|凝血酶原时间", "Prothrombin time", "凝血酶原时间（PT）", "", None),
    (r"ascites|腹水", "Ascites", "腹水", "", None),
    (r"o?edema|水肿", "Oedema", "水肿", "", None),
    (r"death|dead|died|deceased|死亡", "Death", "死亡", "", None),
    (r"hormon(e|al|th|etherapy)?|horth|内分泌治疗", "Hormone therapy", "内分泌治疗", "", None),
    (r"chemo(therapy)?|化疗", "Chemotherapy", "化疗", "", None),
    (r"radio(therapy)?|radiation|放疗", "Radiotherapy", "放疗", "", None),
    (r"surgery|手术", "Surgery", "手术", "", None),
    (r"(birth|b)w(eigh)?t|birthweight|出生体重", "Birth weight", "出生体重", "", None),
    (r"diagnosis|诊断", "Diagnosis", "诊断", "", None),
)  # fmt: skip

ENDPOINTS = {
    "death": Text(en="Death", zh="死亡"),
    "recurrence": Text(en="Recurrence", zh="复发"),
    "progression": Text(en="Progression", zh="疾病进展"),
    "metastasis": Text(en="Metastasis", zh="转移"),
}


def known(name: str) -> Known | None:
    """What is commonly known of a column of this name, or None.

    Examples
    --------
    >>> known("Age (years)").zh, known("tsize").en, known("V7")
    ('年龄', 'Tumour size', None)
    """
    words = meaning(name).words
    compact = "".join(words)
    for pattern, found in _COLUMNS:
        if pattern.fullmatch(compact):
            return found
    return None


def label(name: str) -> Text:
    """What a person reads for a column: its common name in both languages, else its own name made readable.

    Examples
    --------
    >>> label("wt.loss").en, label("肿瘤大小/mm").zh, label("bili").zh
    ('Wt loss', '肿瘤大小', '总胆红素')
    """
    found = known(name)
    if found:
        return Text(en=found.en, zh=found.zh)
    unit = unit_of(name)
    bare = re.sub(r"\s*[(（\[【/][^)）\]】]*[)）\]】]?\s*$", "", name) if unit else name
    if any("一" <= sign <= "鿿" for sign in name):
        return Text(en=bare or name, zh=bare or name)
    readable = re.sub(r"[._\s]+", " ", bare or name).strip()
    if readable[:1].islower() and len(readable) > 2:
        readable = readable[0].upper() + readable[1:]
    return Text(en=readable or name)
