"""The guided tour: a few views of the app on the sample data, each with a sentence whose numbers the library gives.

No number of a sentence is written here. A step whose page the app does not have, whose cohort is not ready, or whose
claim the data do not bear out, is not told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from mtl.expressions import parse
from mtl.language import _, language, number, percent, study_language
from mtl.services.evidence import evidence
from mtl.services.patients import cases, witness, wording
from mtl.services.tour import facts as story_facts
from mtl.services.treatment import treatments
from mtl.services.users import current, require
from mtl.store import cohorts as store
from mtl.store.cohorts import Cohort

__all__ = ["Step", "prepare", "ready", "steps"]

MAIN, EXTERNAL = "rotterdam", "gbsg"  # the sample cohorts that the tour shows
TOLD = 20  # patients that are looked at for a refusal


@dataclass(frozen=True)
class Step:
    """One view and what to say.

    Attributes
    ----------
    name : str
        "cohort", "sharing", "why", "what_if", "treatment", "evidence", "own_data".
    page : str
        The page's address: "case".
    parameters : dict
        Of the address: a case's opaque key, a task, a cohort.
    sentence : str
        What to say, in the language in use.
    shown : tuple of str
        Texts that the view shows, in print, by which the sentence can be checked.
    edits : dict
        What-if values to begin with; empty for the record as it is.
    focus : str
        The part of the page that is meant: its card's name, "chosen" for the card of the address's task; empty for all.
    """

    name: str
    page: str
    parameters: dict[str, str]
    sentence: str
    shown: tuple[str, ...] = ()
    edits: dict[str, Any] = field(default_factory=dict)
    focus: str = ""


def ready() -> bool:
    """Whether the user may take the tour, and its cohort has its numbers; nothing is worked out for it yet."""
    user = current()
    return user.may("cohort:read") and user.may("case:read") and _main() is not None


def prepare() -> None:
    """Let what the tour shows of the evidence be computed while its first views are told, where the user may."""
    if not current().may(evidence.BEGIN):
        return
    external = next(
        (c for c in store.every() if c.key == EXTERNAL and c.sample and c.scores is not None), None
    )
    if external is not None:
        evidence.begin(external.key, "accuracy")


def _main() -> Cohort | None:
    return next((c for c in store.every() if c.key == MAIN and c.sample and c.scores is not None), None)


def steps(pages: Collection[str]) -> tuple[Step, ...]:
    """The tour through those of its pages that the app has (their addresses), in the language in use.

    Empty while the samples are not ready.
    """
    require("cohort:read")
    require("case:read")
    main = _main()
    if main is None:
        return ()
    external = next(
        (c for c in store.every() if c.key == EXTERNAL and c.sample and c.scores is not None), None
    )
    with witness.unseen():  # public patients, worked out once for everybody
        return _told(main, external, frozenset(pages), language())


@lru_cache(maxsize=8)
def _told(main: Cohort, external: Cohort | None, pages: frozenset[str], _language: str) -> tuple[Step, ...]:
    """Sample cohorts are public: what is kept is the same for everybody who may see cases."""
    found: list[Step | None] = [_cohort(main), *_patient(main), _treatment(main)]
    found += [_evidence(main, external, pages) if external is not None else None, _own_data(pages)]
    return tuple(step for step in found if step is not None and step.page in pages)


def _cohort(main: Cohort) -> Step:
    study = main.study
    roles = {role: sum(t.role == role for t in study.tasks) for role in wording.ROLES}
    sentence = _(
        "{patients} real patients, and of each of them {tasks} questions at once: "
        "{diagnoses} diagnoses, {treatments} treatments, {outcomes} outcomes."
    ).format(
        patients=number(main.n), tasks=number(len(study.tasks)), diagnoses=number(roles["diagnosis"]),
        treatments=number(roles["treatment"]), outcomes=number(roles["prognosis"]),
    )  # fmt: skip
    return Step("cohort", "patients", {"cohort": main.key}, sentence, (number(main.n),))


def _patient(main: Cohort) -> Iterator[Step | None]:
    """Sharing, why and what if: all of one patient, the one whom the shared trees move most."""
    found = story_facts.moved_most(main)
    if found is None:
        return
    case = cases.open_case(found.case_key)
    output = case.output(found.task)
    where = {"case": case.key, "task": found.task}
    shown, sharing = output.headline, len(found.sharing)
    sentence = _(
        "Sharing matters here. Take away what the trees say that {count} tasks grow together, and {question} reads {alone} "
        "instead of {number}."
    ).format(
        count=number(sharing),
        question=wording.question(output, shown),
        alone=percent(found.alone),
        number=shown.text,
    )
    yield Step("sharing", "case", where, sentence, (shown.text,), focus="chosen")
    yield _why(case, where, found.task)
    yield _what_if(case, where, found.task)


def _why(case: cases.Case, where: dict[str, str], task: str) -> Step | None:
    found = cases.why(case, task)
    if found.story is None or not found.story.contributions:
        return None
    first = found.story.contributions[0]
    sentence = _(
        "Why {number}? From the reference patient's {start}, finding by finding, and the steps add up to the last digit. "
        "The strongest: {reason}. An association, not a cause."
    ).format(number=found.number.text, start=found.reference.text, reason=first.sentence)
    return Step("why", "case", where, sentence, (found.number.text, found.reference.text), focus="why")


def _what_if(case: cases.Case, where: dict[str, str], task: str) -> Step | None:
    """The strongest finding at its typical value: a second prediction, for every task at once."""
    explained = cases.why(case, task)
    for name in explained.table["feature"]:
        typical = explained.typical.get(str(name))
        if typical is None or typical.number_text == explained.number.text:
            continue
        answer = cases.what_if(case.key, {str(name): typical.value})
        after = answer.after.output(task).headline
        if not answer.edits or after.text == explained.number.text:
            continue
        feature = case.finding(str(name)).feature
        sentence = _(
            "What if? With {finding} instead of {value} the model says {after} instead of {before}, and every other task "
            "answers too. A second prediction, no promise."
        ).format(
            finding=_("{label}: {value}").format(label=wording.title(feature), value=typical.text),
            value=case.finding(str(name)).text, after=after.text, before=explained.number.text,
        )  # fmt: skip
        edits = {str(name): typical.value}
        return Step("what_if", "case", where, sentence, (explained.number.text, after.text), edits, "detail")
    return None


def _treatment(main: Cohort) -> Step | None:
    """A patient in whom trials showed no effect: the benefit is refused."""
    for treatment in main.study.treatments:
        conditions = [trial.no_effect for trial in treatment.trials if trial.no_effect and trial.tasks]
        for condition in conditions:
            holds = parse(condition).evaluate(main.table()).fillna(False).to_numpy(dtype=bool)
            for place in holds.nonzero()[0][:TOLD].tolist():
                key = main.case_keys[place].decode()
                view = treatments.view(key, treatment.column)
                said = next((e.refused for e in view.expected if _no_effect(e)), None)
                if said is not None:
                    sentence = _(
                        "Treatment, with a refusal: usual practice stands beside a trial's promise, and here nothing is "
                        "promised. {reason}"
                    ).format(reason=said.sentence)
                    where = {"case": key, "treatment": treatment.column}
                    return Step("treatment", "treatment", where, sentence, (said.sentence,), focus="expected")
    return None


def _no_effect(expected: treatments.Expected) -> bool:
    return expected.refused is not None and expected.refused.reason is treatments.Reason.NO_EFFECT


def _evidence(main: Cohort, external: Cohort, pages: frozenset[str]) -> Step | None:
    """How the model does on patients of another country: on the page of evidence, else on the cohort itself."""
    found = story_facts.elsewhere(external)
    if found is None:
        return None
    page = "performance" if "performance" in pages else "patients"
    sentence = _(
        "Honest evidence, on {patients} patients from elsewhere: of two of them it names the one with the earlier event in "
        "{concordant} of 100 pairs, where a coin gets 50. By {years} it expected {expected}; {observed} ({low} to {high}) "
        "were seen."
    ).format(
        patients=number(external.n), concordant=number(round(100 * found.concordance)),
        years=wording.years(found.years), expected=percent(found.expected), observed=percent(found.observed),
        low=percent(found.low), high=percent(found.high),
    )  # fmt: skip
    joint = " " if study_language() != "zh" else ""
    if found.silent is not None:
        sentence = joint.join(
            [
                sentence,
                _("At {years} nobody can say: too few were followed that long.").format(
                    years=wording.years(found.silent)
                ),
            ]
        )
    shown = [number(external.n)]
    parameters = {"cohort": external.key}
    weakest = story_facts.weakest(main, external)
    if weakest is not None and page == "performance":
        words = _("A weakness too: {task} it tells poorly there, AUROC {there} against {home} at home.").format(
            task=wording.title(external.study.task(weakest.task)), there=number(weakest.there, 3),
            home=number(weakest.home, 3),
        )  # fmt: skip
        sentence = joint.join([sentence, words])
        shown.append(number(weakest.there, 3))
        parameters["panel"] = "accuracy"
    return Step("evidence", page, parameters, sentence, tuple(shown))


def _own_data(pages: frozenset[str]) -> Step | None:
    page = next((name for name in ("upload", "data", "table") if name in pages), None)
    if page is None:
        return None
    sentence = _(
        "Bring your own table: it is read, cleaned with a log of every change, and every outcome learnt together."
    )
    return Step("own_data", page, {}, sentence)
