"""Units as they stand beside numbers, and how one becomes another."""

from __future__ import annotations

from functools import cache

from mtl.tables.words import plain

#: dimension -> {spellings of a unit: its size}; the first spelling is the one kept.
_SIZES: dict[str, dict[tuple[str, ...], float]] = {
    "length": {("mm", "毫米"): 1.0, ("cm", "厘米"): 10.0, ("m", "米"): 1000.0, ("µm", "um", "微米"): 1e-3,
               ("inch", "inches"): 25.4},
    "area": {("mm²", "mm2", "mm^2"): 1.0, ("cm²", "cm2", "cm^2"): 100.0, ("m²", "m2", "m^2"): 1e6},
    "body mass index": {("kg/m²", "kg/m2", "kg/m^2"): 1.0},
    "mass": {("kg", "公斤", "千克"): 1000.0, ("g", "克"): 1.0, ("mg", "毫克"): 1e-3, ("µg", "ug", "mcg", "微克"): 1e-6,
             ("lb", "lbs"): 453.59237},
    "volume": {("L", "升"): 1000.0, ("mL", "cc", "毫升"): 1.0, ("µL", "ul"): 1e-3},
    "time": {("years", "year", "yrs", "yr", "y", "岁", "年"): 365.25, ("months", "month", "mo", "月", "个月"): 365.25 / 12,
             ("weeks", "week", "wk", "周"): 7.0, ("days", "day", "d", "天", "日"): 1.0},
    "clock": {("h", "hours", "hour", "小时"): 3600.0, ("min", "minutes", "分钟"): 60.0,
              ("s", "sec", "seconds", "秒"): 1.0, ("ms",): 1e-3},
    "share": {("%", "percent", "pct"): 1.0, ("‰",): 0.1, ("fraction", "proportion"): 100.0},
    "mass concentration": {("g/L",): 1.0, ("g/dL",): 10.0, ("mg/L",): 1e-3, ("mg/dL",): 1e-2, ("mg/mL",): 1.0,
                           ("µg/L", "ug/L"): 1e-6, ("µg/dL", "ug/dL"): 1e-5, ("µg/mL", "ug/mL"): 1e-3,
                           ("ng/mL",): 1e-6, ("ng/dL",): 1e-8, ("ng/L",): 1e-9, ("pg/mL",): 1e-9},
    "molar concentration": {("mol/L",): 1.0, ("mmol/L", "mM"): 1e-3, ("µmol/L", "umol/L", "µM"): 1e-6,
                            ("nmol/L", "nM"): 1e-9, ("pmol/L", "pM"): 1e-12, ("mEq/L",): 1e-3},
    "count": {("10⁹/L", "10^9/L", "10*9/L", "×10⁹/L", "×10^9/L", "x10^9/L", "x10⁹/L"): 1e9, ("G/L",): 1e9,
              ("K/µL", "10^3/µL", "10³/µL"): 1e9, ("10¹²/L", "10^12/L", "×10¹²/L", "×10^12/L", "x10^12/L"): 1e12,
              ("T/L",): 1e12, ("M/µL", "10^6/µL"): 1e12, ("/µL", "/ul"): 1e6, ("/mm³", "/mm3"): 1e6, ("/mL",): 1e3,
              ("/L",): 1.0},
    "activity": {("U/L",): 1.0, ("IU/L",): 1.0, ("kU/L",): 1e3, ("U/mL",): 1e3, ("IU/mL",): 1e3, ("kIU/L",): 1e3,
                 ("mU/L",): 1e-3, ("mIU/L",): 1e-3, ("µU/mL", "uU/mL"): 1e-3, ("µIU/mL", "uIU/mL"): 1e-3,
                 ("mU/mL",): 1.0, ("mIU/mL",): 1.0},
    "pressure": {("mmHg",): 1.0, ("kPa",): 7.500616827, ("cmH2O", "cmH₂O"): 0.7355591},
    "rate": {("/min", "bpm", "次/分", "次/min"): 1.0},
    "temperature": {("°C", "℃", "摄氏度"): 1.0},
    "binding": {("fmol/mg",): 1.0},
    "filtration": {("mL/min/1.73m²", "mL/min/1.73m2", "mL/min/1.73m^2"): 1.0},
    "flow": {("mL/min",): 1.0},
    "dose": {("Gy",): 1.0, ("cGy",): 0.01},
    "uptake": {("HU",): 1.0},
}  # fmt: skip


def _folded(text: str) -> str:
    """One spelling of a unit's letters: narrow, without spaces and case, both micro signs one."""
    return plain(text).replace(" ", "").casefold().replace("μ", "µ").replace("·", "*")


@cache
def _known() -> dict[str, tuple[str, str, float]]:
    """Folded spelling -> (unit, dimension, size)."""
    found: dict[str, tuple[str, str, float]] = {}
    exact: dict[str, tuple[str, str, float]] = {}
    for dimension, units in _SIZES.items():
        for spellings, size in units.items():
            for spelling in spellings:
                exact[spelling] = (spellings[0], dimension, size)
                found.setdefault(_folded(spelling), (spellings[0], dimension, size))
    # A unit in its exact letters goes before one that only differs in case: mM and mm, M and m.
    return found | exact


def _look_up(text: str) -> tuple[str, str, float] | None:
    known = _known()
    stripped = text.strip()
    # A single letter is a unit in its own case only: M is a stage or a man, m a metre.
    return known.get(stripped) or (known.get(_folded(stripped)) if len(stripped) > 1 else None)


def unit_named(text: str) -> str | None:
    """The unit that a text names, in its usual spelling; None where it names none.

    Examples
    --------
    >>> unit_named(" MM"), unit_named("ug/l"), unit_named("×10^9/L"), unit_named("1=male"), unit_named("岁")
    ('mm', 'µg/L', '10⁹/L', None, 'years')
    """
    found = _look_up(text)
    return None if found is None else found[0]


def factor(unit: str, other: str) -> float | None:
    """What a value in `unit` is multiplied by to be one in `other`; None where they measure different things.

    Examples
    --------
    >>> factor("cm", "mm"), factor("mm", "mm"), factor("mg/dL", "mmol/L")
    (10.0, 1.0, None)
    """
    one, two = _look_up(unit), _look_up(other)
    if one is None or two is None or one[1] != two[1]:
        return None
    return one[2] / two[2]


def differ(unit: str | None, other: str | None) -> bool:
    """Whether two units are both known and do not mean the same.

    Examples
    --------
    >>> differ("cm", "mm"), differ("ug/L", "µg/L"), differ(None, "mm")
    (True, False, False)
    """
    return bool(unit and other) and unit != other and factor(str(unit), str(other)) != 1.0
