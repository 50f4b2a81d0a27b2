"""The treatment page: every row of the truth table from the screen, five forms with the same numbers, who may see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mtl.language import LANGUAGES
from mtl.services import users
from mtl.services.treatment import treatments
from mtl.services.treatment.treatments import Reason
from mtl.store import cohorts, database
from pages.ui.treatment_benefit import FORMS

Open = Callable[..., AppTest]
SHOWN = None


@pytest.fixture
def samples(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield sample_home
    database.close()


@pytest.fixture
def two(two_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(two_home))
    yield two_home
    database.close()


def key_of(cohort: str, identifier: object) -> str:
    found = cohorts.get(cohort)
    return str(found.case_keys[found.identifiers().index(str(identifier))].decode())


def like(cohort: str, **given: int) -> str:
    found = cohorts.get(cohort)
    table = found.table()
    fits = np.all([table[name] == value for name, value in given.items()], axis=0) & (table["x"].abs() < 0.3)
    return str(found.case_keys[int(np.flatnonzero(fits)[0])].decode())


def opened(open_app: Open, key: str | None, lang: str | None = None, **parts: str) -> AppTest:
    app = open_app(lang=lang)
    app.switch_page("treatment.py")
    for name, value in ({"case": key} if key else {}).items() | parts.items():
        app.query_params[name] = value
    app.run()
    return app


def clean(app: AppTest) -> None:
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1


def markup(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html") if "<style>" not in block.proto.body)


def refused(app: AppTest, box: str) -> str | None:
    found = re.search(rf'data-box="{box}" data-refused="(\w+)"', markup(app))
    return found[1] if found else None


def check(app: AppTest, expected: Reason | None, contrast: Reason | None) -> None:
    clean(app)
    assert refused(app, "expected") == (expected.name if expected else None)
    assert ("data-benefit=" in markup(app)) == (expected is None)
    assert refused(app, "usual") == (contrast.name if contrast else None)
    assert ("Kaplan-Meier" in markup(app)) == (contrast is None)
    assert ("Not shown" in markup(app)) == (expected is not None or contrast is not None)


# identifier, task, together: box 3, contrast of box 2
ROTTERDAM = [
    (41, "recurrence", "", SHOWN, SHOWN),
    (12, "recurrence", "", SHOWN, Reason.PROPENSITY),
    (205, "recurrence", "", SHOWN, Reason.FEW_GIVEN),
    (41, "death", "", Reason.OTHER_OUTCOME, SHOWN),
    (18, "recurrence", "", Reason.NO_EFFECT, SHOWN),
    (21, "recurrence", "", Reason.FEW_NOT_GIVEN, Reason.FEW_NOT_GIVEN),
    (172, "recurrence", "", Reason.NOVEL, SHOWN),
    (41, "recurrence", "chemo", Reason.COMBINATION, Reason.COMBINATION),
]


@pytest.mark.parametrize(("identifier", "task", "together", "expected", "contrast"), ROTTERDAM)
def test_the_truth_table_from_the_screen(
    samples: Path, open_app: Open, identifier: int, task: str, together: str,
    expected: Reason | None, contrast: Reason | None,
) -> None:  # fmt: skip
    parts = {"with": together} if together else {}
    key = key_of("rotterdam", identifier)
    check(opened(open_app, key, treatment="hormon", task=task, **parts), expected, contrast)


@pytest.mark.parametrize(
    ("finding", "value", "reason"),
    [
        ("Oestrogen receptor", None, Reason.UNKNOWN),
        ("Oestrogen receptor", 3.0, Reason.NO_EFFECT),
        ("Positive lymph nodes", 0.0, Reason.NOT_APPLICABLE),
    ],
)
def test_the_truth_table_for_findings_typed_in(
    samples: Path, open_app: Open, finding: str, value: float | None, reason: Reason
) -> None:
    app = opened(open_app, key_of("rotterdam", 41), treatment="hormon")
    if value is None:
        next(group for group in app.pills if str(group.key).startswith("unknown_")).set_value(["er"])
    else:
        next(field for field in app.number_input if finding in field.label).set_value(value)
    next(button for button in app.button if button.label == "Apply").click().run()
    clean(app)
    assert refused(app, "expected") == reason.name
    assert "Not as recorded" in markup(app)
    assert finding in re.search(r'data-box="expected".*?</div>', markup(app))[0]
    app.button(key="treatment_restore").click().run()
    assert refused(app, "expected") is None
    assert "Not as recorded" not in markup(app)


def test_the_truth_table_where_no_sample_has_the_row(two: Path, open_app: Open) -> None:
    alone = like("two", b=0, c=0, m=0)
    for key, column, task, reason in (
        (alone, "a", "death", SHOWN),
        (alone, "a", "late", Reason.NOT_ESTIMABLE),
        (like("two", a=0, c=0, m=0), "b", "death", Reason.UNCOUNTED),
        (like("two", b=1, c=0, m=0), "a", "death", Reason.COMBINATION),
        (alone, "d", "death", Reason.OTHER_OUTCOME),
    ):
        app = opened(open_app, key, treatment=column, task=task)
        clean(app)
        assert refused(app, "expected") == (reason.name if reason else None)


def told(app: AppTest) -> dict[str, str]:
    """What the form on the screen prints."""
    form = re.search(r"<div data-form=.*?<ul class=.b-notes", markup(app), re.DOTALL)
    assert form
    return dict(re.findall(r'data-benefit="(\w+)">([^<]*)<', form[0]))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("years", ["1", "5", "10"])
def test_all_five_forms_print_the_same_numbers(samples: Path, open_app: Open, years: str, lang: str) -> None:
    key = key_of("rotterdam", 41)
    app = opened(open_app, key, lang, treatment="hormon", task="recurrence", years=years)
    seen = {}
    for form in FORMS:
        app.segmented_control(key="treatment_form").set_value(form).run()
        clean(app)
        seen[form] = {what: text for what, text in told(app).items() if what != "affected"}
    assert set(seen["table"]) == {"untreated", "treated", "difference", "interval"}
    for form in FORMS:
        assert seen[form] == seen["table"], form
    if lang == "en":
        moment = treatments.view(key, "hormon").expected[0].shown.at(float(years))
        numbers = (moment.untreated_text, moment.treated_text, moment.difference_text, moment.interval_text)
        order = ("untreated", "treated", "difference", "interval")
        assert tuple(seen["table"][what].replace("&lt;", "<") for what in order) == numbers


def test_a_hundred_people_are_drawn(samples: Path, open_app: Open) -> None:
    app = opened(open_app, key_of("rotterdam", 41), treatment="hormon")
    drawn = re.search(r'class="b-people".*?</div></div>', markup(app), re.DOTALL)
    assert drawn
    assert len(re.findall(r"<i class=\w+>", drawn[0])) == 100


def test_harms_population_membership_and_citation_stand_beside_the_promise(
    samples: Path, open_app: Open
) -> None:
    sent = markup(opened(open_app, key_of("rotterdam", 41), treatment="hormon"))
    for words in ("Endometrial cancer", "node-positive primary breast cancer", "would have been among them",
                  "J Clin Oncol 1994", "0.69 (0.54 to 0.89)", "interval of the trial"):  # fmt: skip
        assert words in sent


def test_the_three_boxes_are_apart_and_there_is_no_verdict(samples: Path, open_app: Open) -> None:
    sent = markup(opened(open_app, key_of("rotterdam", 41), treatment="hormon"))
    for title in ("1 · As treated", "2 · What was usually done", "3 · Expected difference"):
        assert sent.count(title) >= 1
    assert not re.search(r"recommend|should be given|\b(green|red)\b", sent)


def test_the_address_chooses_the_treatment_and_the_year(samples: Path, open_app: Open) -> None:
    app = opened(open_app, key_of("rotterdam", 41), treatment="hormon", years="10")
    assert "After 10 years" in markup(app)
    app.segmented_control(key="treatment_years").set_value(3.0).run()
    assert "After 3 years" in markup(app)
    app.segmented_control(key="treatment").set_value("chemo").run()
    clean(app)
    assert refused(app, "expected") == "OTHER_OUTCOME"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("parts", [{}, {"treatment": "surgery"}, {"treatment": "<b>x</b>"}])
def test_without_a_treatment_it_says_what_to_do_and_shows_no_number(
    samples: Path, open_app: Open, parts: dict[str, str], lang: str
) -> None:
    app = opened(open_app, key_of("rotterdam", 41), lang, **parts)
    clean(app)
    assert app.info
    assert not re.search(r"\d", markup(app))


def test_an_address_of_nobody(samples: Path, open_app: Open) -> None:
    app = opened(open_app, "nosuchcase", treatment="hormon")
    assert not app.exception
    assert "no patient" in app.error[0].value


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("cohort", "column"), [("gbsg", "hormon"), ("pbc", "trt"), ("cytology", "x")])
def test_the_other_samples(samples: Path, open_app: Open, cohort: str, column: str, lang: str) -> None:
    found = cohorts.get(cohort)
    app = opened(open_app, str(found.case_keys[3].decode()), lang, treatment=column)
    clean(app)
    assert bool(app.info) == (cohort == "cytology")


def test_the_case_page_leads_here(samples: Path, open_app: Open) -> None:
    app = open_app()
    app.switch_page("case.py")
    app.query_params["case"] = key_of("rotterdam", 41)
    app.run()
    links = [link.proto for link in app.get("page_link") if "practice" in link.proto.label]
    assert [link.query_string for link in links] == [
        f"case={key_of('rotterdam', 41)}&treatment={column}" for column in ("hormon", "chemo")
    ]


def test_hostile_words_are_shown_as_words(two: Path, open_app: Open) -> None:
    app = opened(open_app, like("two", a=0, b=0, c=0), treatment="m", task="death")
    clean(app)
    sent = markup(app)
    assert "<img src=x" not in sent
    assert "&lt;img src=x" in sent
    assert 'href="javascript' not in sent


def test_a_visitor_who_is_not_signed_in_sees_nothing(samples: Path, open_app: Open) -> None:
    secrets = {"auth": {"redirect_uri": "http://127.0.0.1/x", "cookie_secret": "a test's", "client_id": "c",
                        "client_secret": "a test's", "server_metadata_url": "http://127.0.0.1/none"}}  # fmt: skip
    app = open_app("treatment.py", secrets=secrets)
    assert [title.value for title in app.title] == ["Sign in"]
    assert not app.info


@pytest.mark.parametrize(
    ("role", "may"), [("viewer", False), ("clinician", True), ("researcher", True), ("admin", True)]
)
def test_who_may_see_it(
    samples: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch, role: str, may: bool
) -> None:
    key = key_of("rotterdam", 41)
    monkeypatch.setattr(users, "current", lambda: users.User("somebody", frozenset({role})))
    app = opened(open_app, key, treatment="hormon")
    sent = markup(app)
    assert ("data-benefit=" in sent) == may
    if not may:
        assert not app.exception
        assert [title.value for title in app.title] == ["Not for your role"]
        assert "%" not in sent
