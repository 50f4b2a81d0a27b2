"""The page that looks at data: choosing a table, a task, findings and another cohort; files to take away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mtl.store import database

Open = Callable[..., AppTest]


@pytest.fixture
def samples(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield sample_home
    database.close()


def words(app: AppTest) -> str:
    assert not app.exception and not app.error
    return " ".join(block.proto.body for block in app.get("html") if "<style>" not in block.proto.body)


def test_what_is_chosen_is_shown(open_app: Open, samples: Path) -> None:
    app = open_app("look.py")
    app.button_group(key="look_cohort").set_value("pbc").run()
    assert "Missing by Ascites" in words(app)
    app.selectbox(key="look_task").set_value("death_or_transplant").run()
    shown = words(app)
    assert "Missing by Death or transplant" in shown and "Distributions by Death or transplant" in shown
    assert app.query_params["task"] in ("death_or_transplant", ["death_or_transplant"])
    findings = app.multiselect(key="look_findings_pbc_death_or_transplant")
    findings.set_value(["bilirubin"] if "bilirubin" in findings.options else findings.value[:1]).run()
    assert words(app).count("u-hist") + words(app).count("u-levels") >= 1


def test_another_cohort_is_laid_beside(open_app: Open, samples: Path) -> None:
    app = open_app("look.py")
    assert "Verdict" not in words(app)
    other = app.selectbox(key="look_other_rotterdam")
    other.set_value("gbsg").run()
    shown = words(app)
    assert "Verdict" in shown and "shifted" in shown


def test_an_address_that_means_nothing_opens_the_first(open_app: Open, samples: Path) -> None:
    app = AppTest.from_file(Path(__file__).parents[2] / "pages" / "shell.py", default_timeout=30)
    app.run()
    app.query_params["cohort"], app.query_params["task"] = "own-x-y", "<script>"
    app.switch_page("look.py").run()
    assert "Primary breast cancer" in str(app.button_group(key="look_cohort").options)
    assert "<script>" not in words(app)
