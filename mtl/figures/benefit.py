"""What a trial promises, in five forms that print the same numbers: table, curves, bars, words, a hundred people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from mtl.figures.curve import HEIGHT, WIDTH, Curve
from mtl.figures.markup import Drawing, Scale, css_share, text
from mtl.figures.palette import Palette
from mtl.language import _, number, percent
from mtl.treatment.printed import Printed

ROW = 10  # people in a row


@dataclass(frozen=True)
class Outcome:
    """What the numbers are about: "recurrence or death", as words inside a sentence."""

    event: str


def table(moments: Sequence[Printed], chosen: Printed, outcome: Outcome, marked: bool = True) -> Drawing:
    """Draw one row a time; the chosen one is marked, also for a test unless the numbers stand elsewhere too."""
    heads = (
        _("After"),
        _("Without treatment"),
        _("With treatment"),
        _("Difference, of 100"),
        _("95 % interval"),
    )
    head = "".join(
        f'<th scope="col"{" class=amount" if i else ""}>{text(words)}</th>' for i, words in enumerate(heads)
    )
    rows = "".join(_row(moment, moment is chosen, marked) for moment in moments)
    name = _("Free of {event}").format(event=outcome.event)
    html = (
        f'<p class="b-when">{text(name)}</p><div class="plain-table b-table" tabindex="0" role="region" '
        f'aria-label="{text(name)}"><table><thead><tr>{head}</tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
    )
    return Drawing(html, sentence(chosen, outcome))


def _row(moment: Printed, chosen: bool, marked: bool) -> str:
    cells = (
        ("untreated", moment.untreated_text),
        ("treated", moment.treated_text),
        ("difference", moment.difference_text),
        ("interval", moment.interval_text or "–"),
    )
    columns = "".join(
        f'<td class="amount"{_mark(what) if chosen and marked else ""}>{text(words)}</td>'
        for what, words in cells
    )
    return (
        f'<tr class="{"changed" if chosen else ""}"><th scope="row">{text(moment.label)}</th>{columns}</tr>'
    )


def beside(moments: Sequence[Printed], chosen: Printed, outcome: Outcome) -> str:
    """Return the table of all times beside a figure, closed until it is asked for."""
    summary = _("The numbers")
    inside = table(moments, chosen, outcome, marked=False).html
    return f'<details class="more numbers"><summary>{text(summary)}</summary>{inside}</details>'


def _mark(what: str) -> str:
    return f' data-benefit="{what}"'


def curves(untreated: Curve, treated: Curve, chosen: Printed, outcome: Outcome, colours: Palette) -> Drawing:
    """Draw survival over time without (dashed) and with the treatment, with a dot each at the chosen time.

    `risk` of the two curves is survival here: the share still free of the event.
    """
    until = untreated.years[-1]
    across, up = Scale(0.0, until), Scale(0.0, 1.0)
    shapes = _line(untreated, across, up, colours.muted, 'stroke-width="2" stroke-dasharray="6 4"')
    shapes += _line(treated, across, up, colours.primary, 'stroke-width="2.5"')
    image = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        f'preserveAspectRatio="none" fill="none">{shapes}</svg>'
    )
    grid = "".join(f'<i style="bottom:{css_share(share)}"></i>' for share in (0.25, 0.5, 0.75))
    alt = sentence(chosen, outcome)
    when = f'<span class="k-when" style="left:{across.at(chosen.years)}"></span>'
    dots = "".join(
        f'<span class="k-dot {kind}" style="left:{across.at(chosen.years)};bottom:{css_share(height)}"></span>'
        for kind, height in (("without", chosen.untreated), ("with", chosen.treated))
    )
    levels = "".join(f"<span>{text(percent(level))}</span>" for level in (1.0, 0.5, 0.0))
    plot = f'<div class="k-plot">{grid}<img alt="{text(alt)}" src="data:image/svg+xml,{quote(image)}">{when}{dots}</div>'
    body = f'<div class="curve b-curve"><div class="k-levels">{levels}</div>{plot}{_times(across)}</div>'
    return Drawing(body + _key(chosen, outcome, "line"), alt)


def _line(curve: Curve, across: Scale, up: Scale, colour: str, stroke: str) -> str:
    points = " ".join(
        f"{WIDTH * across.share(year):.1f},{HEIGHT * (1 - up.share(height)):.1f}"
        for year, height in zip(curve.years, curve.risk, strict=True)
    )
    return f'<polyline points="{points}" stroke="{colour}" {stroke} vector-effect="non-scaling-stroke"/>'


def _times(across: Scale) -> str:
    marks = "".join(
        f'<span style="left:{across.at(tick)}">{text(number(tick))}</span>'
        for tick in across.ticks(6)
        if tick > 0 and across.share(tick) < 0.85
    )
    last = _("{count} years").format(count=number(round(across.high, 1)))
    return f'<div class="k-times"><span style="left:0">0</span>{marks}<em>{text(last)}</em></div>'


def bars(moments: Sequence[Printed], chosen: Printed, outcome: Outcome) -> Drawing:
    """Draw a hundred people at each time as a stacked bar."""
    drawn = "".join(_bar(moment, moment is chosen) for moment in moments)
    alt = "; ".join(sentence(moment, outcome) for moment in moments)
    body = f'<div class="b-bars" role="img" aria-label="{text(alt)}">{drawn}</div>'
    return Drawing(body + _key(chosen, outcome, "area"), alt)


def _bar(moment: Printed, chosen: bool) -> str:
    parts = "".join(
        f'<span class="b-part {kind}" style="height:{count}%">{text(number(count)) if count >= 7 else ""}</span>'
        for kind, count in reversed(_parts(moment))
        if count
    )
    mark = "chosen" if chosen else ""
    return f'<div class="b-bar {mark}"><div class="b-stack">{parts}</div><em>{text(moment.label)}</em></div>'


def _parts(moment: Printed) -> list[tuple[str, int]]:
    found = moment.people
    return [
        ("either", found.either),
        ("more", found.more),
        ("fewer", found.fewer),
        ("affected", found.affected),
    ]


def icons(chosen: Printed, outcome: Outcome) -> Drawing:
    """Draw a hundred people: a full disc is spared either way, a ringed one by the treatment, an open one is not."""
    people = [kind for kind, count in _parts(chosen) for _i in range(count)]
    rows = "".join(
        f"<div>{''.join(f'<i class={kind}></i>' for kind in people[start : start + ROW])}</div>"
        for start in range(0, len(people), ROW)
    )
    alt = sentence(chosen, outcome)
    body = f'<div class="b-people" role="img" aria-label="{text(alt)}">{rows}</div>'
    return Drawing(f'<div class="b-side">{body}<div>{_key(chosen, outcome, "icon")}</div></div>', alt)


def words(chosen: Printed, outcome: Outcome) -> Drawing:
    """Say it in sentences."""
    alt = sentence(chosen, outcome)
    # the numbers of the sentence carry their marks, so that a test can read them
    marked = {
        what: f'<b data-benefit="{what}">{text(shown)}</b>'
        for what, shown in (
            ("untreated", chosen.untreated_text),
            ("treated", chosen.treated_text),
            ("difference", chosen.difference_text),
            ("interval", chosen.interval_text),
        )
    }
    told = text(_sentence(chosen)).format(time=text(chosen.label), event=text(outcome.event), **marked)
    rest = _("{count} of 100 would have it in either case.").format(count=number(chosen.people.affected))
    return Drawing(f'<p class="b-words">{told} {text(rest)}</p>', f"{alt} {rest}")


def sentence(chosen: Printed, outcome: Outcome) -> str:
    """One time of a benefit in a sentence."""
    return _sentence(chosen).format(
        time=chosen.label,
        event=outcome.event,
        untreated=chosen.untreated_text,
        treated=chosen.treated_text,
        difference=chosen.difference_text,
        interval=chosen.interval_text,
    )


def _sentence(chosen: Printed) -> str:
    if chosen.interval_text:
        return _(
            "After {time}, {untreated} of patients like this one would be free of {event} without the treatment and "
            "{treated} with it: {difference} of 100 (95 % interval {interval})."
        )
    return _(
        "After {time}, {untreated} of patients like this one would be free of {event} without the treatment and "
        "{treated} with it: {difference} of 100."
    )


def _key(chosen: Printed, outcome: Outcome, kind: str) -> str:
    """The legend, which prints the numbers of the chosen time; `kind` is "line", "area" or "icon"."""
    # the number goes in marked, after the words were escaped
    interval = _("95 % interval {interval}").format(interval="\0") if chosen.interval_text else ""
    bounds = text(interval).replace("\0", f'<b data-benefit="interval">{text(chosen.interval_text)}</b>')
    found = chosen.people
    harm = found.fewer > 0
    change = _("of 100, fewer with the treatment") if harm else _("of 100, more with the treatment")
    changed = "fewer" if harm else "more"
    lines = (
        (
            "untreated",
            chosen.untreated_text,
            _("free of {event} without the treatment"),
            ["either", "fewer"][: 1 + harm],
        ),
        (
            "treated",
            chosen.treated_text,
            _("free of {event} with the treatment"),
            ["either", "more"][: 2 - harm],
        ),
        ("difference", chosen.difference_text, change, [changed]),
        ("affected", number(found.affected), _("of 100: {event} in either case"), ["affected"]),
    )
    rows = "".join(
        f'<li>{_swatch(kind, what, marks)}<b data-benefit="{what}">{text(shown)}</b>'
        f"<span>{text(said.format(event=outcome.event))}{f' ({bounds})' if what == 'difference' and bounds else ''}"
        "</span></li>"
        for what, shown, said, marks in lines
    )
    when = _("After {time}").format(time=chosen.label)
    return f'<p class="b-when">{text(when)}</p><ul class="b-key {kind}">{rows}</ul>'


def _swatch(kind: str, what: str, marks: Sequence[str]) -> str:
    if kind == "line":
        drawn = {"untreated": '<s class="dash"></s>', "treated": '<s class="solid"></s>'}.get(what, "")
    else:
        drawn = "".join(f'<i class="{mark}"></i>' for mark in marks)
    return f'<u aria-hidden="true">{drawn}</u>'
