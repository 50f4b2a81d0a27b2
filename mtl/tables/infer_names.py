"""What a column's name says, in English or Chinese: outcome, time, treatment, identifier, background, or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

Concept = Literal["death", "recurrence", "progression", "metastasis", ""]

_SPLIT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")
_UNIT = re.compile(
    r"\s*[(（\[【]\s*([^()（）\[\]【】]{1,24})\s*[)）\]】]\s*$|\s*/\s*([a-zA-Zµμ%^0-9/·]{1,12}|[岁天月年周])\s*$"
)

# English words are matched as whole words of the name, or as the name with its separators removed; Chinese anywhere.
_ENGLISH = {
    "identifier": r"""
        p?id uid ids mrn nhs
        (patient|subject|case|study|sample|record|participant|u?subj|person|test|animal)(id|no|nr|number|code)
        seq(no)? row(names?|id|no|number)? index obs unnamed\d* barcode accession patnr patno caseno subject
        key number serial
    """,
    "person": r"""
        (first|last|sur|family|given|full|patient)?name initials phone tel mobile e?mail address ssn
    """,
    "site": r"""
        site cent(er|re) hospital inst institution instit clinic(name)? ward department
    """,
    "calendar": r"""
        date dt dob datetime timestamp birthdate \w+date
    """,
    "time": r"""
        time start tstart time0 days? weeks? months? followup\w* fup? futime survival survtime survivaltime
        duration os pfs dfs rfs efs dss css d?mfs tt[pfrei] t stop timeto\w+ daysto\w+ monthsto\w+
        (surv|fu|rec|rfs?|os|pfs|dfs|death|event|relapse|[drst]|follow|dead|obs|exit|pr|last|censor)(time|days|months|years|weeks|t)
        t\d
    """,
    "event": r"""
        status state event dead death died? deceased mortality fustat vital(status)? alive
        surviv(ed|e|or|al) cens\w{0,10} relapsed? recurr?(ence|ed)? progress(ion|ed) failure failed
        arrest(ed)? delta [ed] endpoint d\d (rfs?|os|pfs|dfs|pr|fu|[rdt])s?stat(us)? exitus expired lost
    """,
    "arm": r"""
        trt\w{0,2} treat(ment|ed|mnt|s)? arm rx randomi[sz]\w* allocation allocated assigned intervention
        placebo regimen dosing\w* tx (treatment|study|trial)(group|grp|arm)
    """,
    "therapy": r"""
        chemo\w* radio(therapy|tx)? radiotherap\w* radiation rtx? hormon(e|al|etherapy)? horth
        hormonetherapy tamoxifen surgery surgical resection mastectomy transplant(ed|ation)? tace
        immunotherap\w* \w*adjuvant\w* \w*adj(rad)?therapy antibiotics? statins? aspirin insulin steroids?
        dialysis ventilat\w* therapy medication dose doses dosage
    """,
    "outcome": r"""
        outcomes? endpoint response responders? responded remission improve\w* success\w* cured? readmi\w*
        readmitted complications? target label toxicity adverse los lengthofstay stay costs? charges?
        hospitali[sz]ed survived? died? dead death deceased mortality expired relapsed? recurr?(ence|ed)?
        progress(ion|ed) b(irth)?w(eigh)?t birthweight low(birthweight|bwt)? attrition (un)?favou?rable
        prognosis default
    """,
    "diagnosis": r"""
        diagnos(is|ed|e) dx malignan(t|cy) benign cancer carcinoma class disease condition (sub)?species
        positive result mgus case num
    """,
    "finding": r"""
        t?grade (t|tnm|figo|ajcc|bclc)?stage histol(ogy|ogic|ogical)? histotype subtype differentiation tnm
        metasta(sis|ses|tic) invasion bgs sgs gleason tumordifferentiation vascularinvasion
    """,
    "weak": r"""
        type y target group grp status
    """,
    "group": r"""
        group grp grouping drug
    """,
    "after": r"""
        salvage\w* secondline\w* hospice palliati\w* postrelapse\w* postprogression\w* dod vitaldate
        cause\w* autopsy chapter last(contact|seen|fu|followup|visit) discharge\w* postmortem deathdate
        dateofdeath deathdt daystodeath reason
    """,
    "follow_up": r"""
        post(op)?(erative)?\w{0,12} after followup final change
        \d+(d|days?|h|hrs?|hours?|min|w|wks?|weeks?|m|mo|mths?|months?|y|yrs?|years?) [dwm]\d+ number\d+m
        pacu\w* pod\d*\w{0,2} extubation attrition
    """,
    "history": r"""
        history hist prior\w* prev(ious)? past family fam(hx|ily)? hx baseline base bl pre(op)? preop\w*
        screening entry
    """,
    "remark": r"""
        \w*(remarks?|notes?|comments?|description|freetext)
    """,
    "state": r"""
        performance perf ecog karno\w* smok\w* marital married meno\w* menopausal hiv receptor er pr her2?
        mutation nutritional? insurance employment working vaccin\w* education socioeconomic functional
        fasting asa diabet\w* hormonal receptors? disease (patient|social|p)class
    """,
    "delay": r"""
        diag\w* onset wait\w* operati\w* surg\w* intubation symptom\w* prothrombin pro(time)? clot\w*
        bleed\w* transplant randomi\w* admission travel screen\w* age isch\w* infusion door dur
    """,
    "background": r"""
        age\w{0,4} agemth sex male female gender race ethnic(ity)? black white asian hisp(anic)? height hgt
        ht weight wt wgt lwt bmi calcbmi year yr education marital mar married poverty income smok\w*
        alcohol abo rh meno\w* (is|black|white)(fe)?male diag(yr|year) ybirth yschool region urban country
        city state zip\w* occupation job yearof\w+ sampleyr
    """,
    "count": r"""
        n num count number nodes? pnodes parity gravida npreg pregnanc\w+ visits? priors? prio children sibs
        nsibs attempts failures units ftv ptl gleason year age lymphnodes? npartner
    """,
    "nominal": r"""
        race ethnic(ity)? sex gender site abo blood(group|type) type cause region state job occupation
        marital celltype histol(ogy)? colou?r code instit? study payor\w* eye group hospital cent(er|re) trt
        arm rx treatment location
    """,
    "laboratory": r"""
        \w*bili\w* albumin alb chol\w* copper alk(phos)? ast alt trig\w* platelets? plt hemoglobin
        ha?emoglobin hgb hb wbc rbc creat\w* glu(cose)? insulin hba1c crp esr psa preoppsa afp cea ca125
        ca199 urea bun sodium potassium calcium ldh kappa lambda pt inr protime ptt cd\d+ hdl ldl
        lymphocytes? neutrophils? ferritin acid gravity osmo cond calc
    """,
    "pathology": r"""
        nodes? pnodes tsize tumou?r\w* size er pgr? pr her2? ki67 estrec progrec estrgrecp progrecp recp
        receptor\w* thickness ulcer\w* histol\w* biops\w* margin invasion lymph mitos\w* gleason cirrhosis
        capsulation xray ct mri ultrasound imaging mean\w* worst\w* tvol pvol
    """,
}
_CHINESE = {
    "identifier": r"""
        编号 病案号 住院号 门诊号 病历号 患者ID 序号 登记号 病例号 身份证 流水号
    """,
    "person": r"""
        姓名 电话 手机 地址 联系方式 邮箱
    """,
    "site": r"""
        医院 中心 院区 科室 病区 机构
    """,
    "calendar": r"""
        日期 时刻 出生年月
    """,
    "time": r"""
        生存(时间|期|月|天|年) 随访(时间|月|天|期|时长) 无病生存 无进展 总生存(?!状态|结局) 时间$ 时长
        月数 天数 (OS|PFS|DFS|RFS)(?!状态|结局|事件)
    """,
    "event": r"""
        死亡 生存状态 生存结局 存活 复发 转移 进展 事件 删失 结局 失访 (OS|PFS|DFS|RFS)(状态|结局|事件)
        是否死
    """,
    "arm": r"""
        分组 组别 治疗组 随机 干预 试验组 治疗方案 治疗方式 手术方式 ^治疗$
    """,
    "therapy": r"""
        化疗 放疗 内分泌治疗 靶向 免疫治疗 手术(?!日期|时间|史|前|后|时) 用药 给药 激素 抗生素 新辅助
        辅助治疗 他莫昔芬 移植 透析
    """,
    "outcome": r"""
        结局 疗效 缓解 有效 治愈 并发症 再入院 再住院 预后 转归 不良反应 毒性 死亡 复发 进展 住院天数
        住院费用 总费用 费用 出生体重 响应
    """,
    "diagnosis": r"""
        诊断(?!日期|时间|年龄|年份) 良恶性 恶性 分类 类别 阳性 是否患 病种 癌(?!家族)
    """,
    "finding": r"""
        分期 分级 病理类型 组织学 分化 转移 侵犯 浸润 亚型 分型
    """,
    "after": r"""
        挽救|二线|复发后|进展后|死亡后|转归
        死因 死亡原因 死亡日期 死亡时间 复发(时间|日期|部位) 末次随访 最后随访 出院(诊断|情况|方式|日期)
        尸检 转归日期
    """,
    "follow_up": r"""
        术后 治疗后 随访\d 出院时 复查 \d+(个月|月|周|天|年)(后|时)
    """,
    "history": r"""
        史$ 史[(（]|既往|家族|术前|基线|入院时|病史|初诊
    """,
    "remark": r"""
        备注 说明 描述 主诉 现病史 小结
    """,
    "state": r"""
        绝经 吸烟 饮酒 婚姻 体力 功能状态 受体 突变 营养 医保 职业 文化 教育
    """,
    "delay": r"""
        凝血 出血 手术时间 手术时长 麻醉 发病 起病 等待 症状 确诊时间 病程 诊断时间
    """,
    "background": r"""
        年龄 性别 民族 身高 体重 BMI 体质指数 体重指数 年份 职业 文化 教育 婚姻 籍贯 地区 绝经 吸烟 饮酒
        血型
    """,
    "count": r"""
        个数 数目 次数 枚数 结数 孕次 产次 阳性淋巴结(?!率) (?<!医)数$
    """,
    "nominal": r"""
        性别 民族 血型 部位 类型 职业 婚姻 分组 组别 方式 方案 来源 地区
    """,
    "laboratory": r"""
        胆红素 白蛋白 胆固醇 转氨酶 血小板 血红蛋白 白细胞 红细胞 肌酐 血糖 糖化 C反应蛋白 血沉 甲胎 癌胚
        尿素 尿酸 血钠 血钾 血钙 淋巴细胞 中性粒 凝血 乳酸 铁蛋白 碱性磷酸酶
        甘油三酯 抗原 CA125 CA19 PSA CEA AFP CRP
    """,
    "pathology": r"""
        肿瘤 淋巴结 受体 免疫组化 Ki HER 病理 大小 切缘 浸润 侵犯 穿刺 活检 影像 超声 CT MRI 分期 分级
        分化
    """,
}


def _either(words: str) -> re.Pattern[str]:
    return re.compile("|".join(words.split()))


_PATTERNS = {flag: _either(words) for flag, words in _ENGLISH.items()}
_SIGNS = {flag: _either(words) for flag, words in _CHINESE.items()}
# The first column of patterns is for whole English parts of a name, the second for Chinese signs anywhere in it.
_WHOLE = ("weak", "group")  # words that say this only when they are the whole name
_CONCEPTS: dict[Concept, tuple[re.Pattern[str], re.Pattern[str]]] = {
    "recurrence": (
        re.compile(r"rec|rfs\w*|dfs\w*|(to)?relapse\w*|(to)?recur\w*|ttr"),
        re.compile("复发|无病"),
    ),
    "progression": (re.compile(r"pfs\w*|ttp|(to)?progress\w*"), re.compile("进展")),
    "metastasis": (re.compile(r"d?mfs|metasta\w*"), re.compile("转移")),
    "death": (
        re.compile(
            r"(to)?death|dead|died?|dies|deceased|mortality|alive|surv\w*|os|vital|dss|expired|exitus"
        ),
        re.compile("死亡|生存|存活"),
    ),
}
_GENERIC = re.compile(r"(time|status|stat|censored|censor|cens|event|days|months|years|weeks|s_s|duration)")


@dataclass(frozen=True)
class Meaning:
    """What a name says: its words, what it may be, the end point it speaks of, and what is left of it.

    `stem` is the name without the words that every time or event column has, so that `rectime` and `censrec`, or `t2`
    and `d2`, can be seen to belong together.
    """

    words: tuple[str, ...]
    flags: frozenset[str]
    concept: Concept
    stem: str

    def __contains__(self, flag: str) -> bool:
        return flag in self.flags

    @property
    def compact(self) -> str:
        """The words without what separated them."""
        return "".join(self.words)

    @property
    def known(self) -> bool:
        """Whether any word of the name is in the vocabulary."""
        return bool(self.flags)


@lru_cache(maxsize=20_000)
def meaning(name: str) -> Meaning:
    """What a column's name says.

    Examples
    --------
    >>> sorted(meaning("rfs_time").flags), meaning("rfs_time").concept
    (['time'], 'recurrence')
    >>> "event" in meaning("生存状态"), "event" in meaning("performance_status"), "time" in meaning("protime")
    (True, False, False)
    """
    bare = _UNIT.sub("", name) or name
    words = tuple(word.lower() for word in _SPLIT.split(bare) if word)
    compact = "".join(words)
    candidates = {*words, compact, *("".join(pair) for pair in pairwise(words))}
    if len(words) > 1:  # a letter alone means something only when it is the whole name
        candidates = {word for word in candidates if len(word) > 1}
    flags = {
        flag
        for flag, pattern in _PATTERNS.items()
        if any(pattern.fullmatch(c) for c in ({compact} if flag in _WHOLE else candidates))
    }
    flags |= {flag for flag, pattern in _SIGNS.items() if pattern.search(bare)}
    parts = [part for candidate in candidates for part in _GENERIC.split(candidate)]
    concept: Concept = next(
        (
            found
            for found, (english, chinese) in _CONCEPTS.items()
            if any(english.fullmatch(part) for part in parts) or chinese.search(bare)
        ),
        "",
    )
    if len(words) == 1 and re.fullmatch(r"[dwm]\d+", compact):
        flags -= {"follow_up"}  # alone it is no week 5, only the fifth of something
    if "history" in flags:
        flags -= {"time", "event", "outcome", "after", "therapy", "arm", "follow_up"}
    if flags & {"state", "background"}:
        flags -= {"time", "event"}
        if not concept:
            flags -= {"outcome"}
    if (
        "delay" in flags
        and not re.search(r"last|follow|observ|death|surviv|relapse|recur", compact)
        and not concept
    ):
        flags -= {"time"}
    stem = re.sub(r"^(t|d|s|e)(?=\d)|^to(?=\w)", "", _GENERIC.sub("", compact))
    return Meaning(words, frozenset(flags), concept, stem)


def unit_of(name: str) -> str:
    """The unit a header gives in brackets or after a slash, or as its last word; "" where there is none.

    Examples
    --------
    >>> unit_of("size (mm)"), unit_of("肿瘤大小/mm"), unit_of("survival_months"), unit_of("grade")
    ('mm', 'mm', 'months', '')
    """
    found = _UNIT.search(name)
    if found:
        return (found.group(1) or found.group(2)).strip()
    last = [word.lower() for word in _SPLIT.split(name) if word][-1:]
    return last[0] if last and last[0] in _UNIT_WORDS else _chinese_unit(name)


_UNIT_WORDS = frozenset(
    (
        "mm",
        "cm",
        "kg",
        "mg",
        "ml",
        "years",
        "months",
        "weeks",
        "days",
        "hours",
        "minutes",
        "pct",
        "percent",
        "mmhg",
        "mmol",
        "bpm",
    )
)


def _chinese_unit(name: str) -> str:
    for ending, unit in (("月数", "月"), ("天数", "天"), ("年数", "年")):
        if name.endswith(ending):
            return unit
    return ""


_TIME_UNITS = (
    ("days", r"days?|d|天|日|[dtrs]days|daysto\w+|\w+days"),
    ("weeks", r"weeks?|wks?|w|周|\w+weeks"),
    ("months", r"months?|mths?|mos?|mon|m|个月|月|\w+months"),
    ("years", r"years?|yrs?|y|年|岁|\w+years"),
)


def time_unit(name: str, unit: str = "") -> Literal["days", "weeks", "months", "years"] | None:
    """The unit of a duration that its name or header says, or None.

    Examples
    --------
    >>> time_unit("OS_months"), time_unit("随访时间(天)"), time_unit("week"), time_unit("futime")
    ('months', 'days', 'weeks', None)
    """
    said = unit or unit_of(name)
    words = [said.lower(), *[w.lower() for w in _SPLIT.split(name) if len(w) > 1]]
    for word in words:
        for found, pattern in _TIME_UNITS:
            if word and re.fullmatch(pattern, word):
                return found  # type: ignore[return-value]
    for sign, found in (("天", "days"), ("周", "weeks"), ("月", "months")):
        if sign in name:
            return found  # type: ignore[return-value]
    return None
