"""Takes the pictures of the README and of docs/images/ from a running app.

    python tools/screenshots.py [--out docs/images] [--only treatment,explain] [--home FOLDER]

Starts the app on a free port with its own state folder, waits until the sample models are trained, computes the
evidence that is shown, brings `sample_data/messy_clinic.csv`, and photographs every page at 1440 and 390 pixels, light
and dark, and in Chinese; the panels of Performance in English and Chinese; and the printed case (with `pdftoppm` of
Debian's poppler-utils). Pictures are reduced to 256 colours: a third of the size, and nothing to see of it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

ROOT = Path(__file__).parents[1]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
WIDE, NARROW = (1440, 900), (390, 844)


def wait_until_ready(url: str, seconds: float = 600) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{url}/ready", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(1)
    raise SystemExit(f"{url} was not ready within {seconds:.0f} s")


SIMILAR = 1  # place of the tab "Patients like this one", in any language
MESSY = ROOT / "sample_data" / "messy_clinic.csv"
LONGEST, LONGEST_LIST = 8000, 1300  # pixels; a picture is not taken lower down

# The panels of Performance: whose numbers, and the parts of the evidence behind them
PANELS = {
    "performance": ("gbsg", "accuracy", ("accuracy", "side_by_side")),
    "calibration": ("gbsg", "calibration", ("calibration",)),
    "cutoff": ("rotterdam", "cutoff", ("cutoff",)),
    "risk-groups": ("rotterdam", "risk_groups", ("risk_groups",)),
    "subgroups": ("rotterdam", "subgroups", ("subgroups",)),
    "elsewhere": ("rotterdam", "elsewhere", ("elsewhere",)),
    "shift": ("gbsg", "shift", ("shift", "recalibration")),
    "missing": ("rotterdam", "missing", ("missing",)),
    "stability": ("pbc", "stability", ("stability",)),
    "coverage": ("pbc", "uncertainty", ("coverage",)),
    "robustness": ("rotterdam", "robustness", ("robustness",)),
    "sharing": ("rotterdam", "transfer", ("transfer",)),
    "techniques": ("pbc", "techniques", ("techniques",)),
    "validation": ("rotterdam", "report", ()),
}
LOOKS = (("", "en", "light"), ("-dark", "en", "dark"), ("-zh", "zh", "light"))
DARK = ("performance", "cutoff", "stability")  # one of each sort of chart
GATHER = """
import sys
from mtl.jobs.evidence import gather
from mtl.store import cohorts
for cohort, part in (pair.split(":") for pair in sys.argv[1:]):
    gather({"cohort": cohort, "model": cohorts.get(cohort).model, "part": part}, lambda stage, share: None)
"""


def gathered(names: list[str], env: dict[str, str]) -> None:
    """Compute what the panels of these names show; what is there stays."""
    pairs = [f"{PANELS[name][0]}:{part}" for name in names for part in PANELS[name][2]]
    if pairs:
        subprocess.run([sys.executable, "-c", GATHER, *pairs], cwd=ROOT, env=env, check=True)


def bring(browser: Browser, url: str) -> None:
    """Bring the messy table, for the pages of the reader's own data."""
    page = browser.new_page()
    page.goto(f"{url}/upload?lang=en")
    page.wait_for_selector("h1", timeout=60_000)
    page.set_input_files("input[type=file]", MESSY)
    page.wait_for_selector("[class*=st-key-card_preview]", timeout=60_000)
    page.close()


def run_trial(page: Page) -> None:
    """Run the protocol as it stands; its result is kept, so the next picture finds it."""
    page.locator(".st-key-trial_run button").click()
    page.wait_for_selector("[class*=st-key-card_trial_head]", timeout=300_000)
    page.wait_for_timeout(2_000)


def keep(page: Page, path: Path, width: int) -> None:
    """Photograph a page from top to foot, in as few bytes as look the same."""
    height = page.evaluate(
        "Math.max(...[...document.querySelectorAll('[data-testid=stMainBlockContainer]')].map(e => e.scrollHeight))"
    )
    most = LONGEST_LIST if path.stem.startswith("audit") else LONGEST
    page.set_viewport_size({"width": width, "height": min(int(height) + 40, most)})
    page.wait_for_timeout(700)
    page.screenshot(path=str(path))
    with Image.open(path) as taken:
        few = taken.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    print(path, flush=True)


def shoot(
    browser: Browser,
    url: str,
    path: Path,
    size: tuple[int, int],
    scheme: str,
    marker: str,
    tab: int | None = None,
) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector(marker, timeout=60_000)
    with contextlib.suppress(PlaywrightTimeout):  # a page that asks again every second is never still
        page.wait_for_selector("[data-testid=stStatusWidget]", state="detached", timeout=15_000)
    page.wait_for_timeout(2_000)  # fonts and the last fragment
    if tab is not None:
        page.get_by_role("tab").nth(tab).click()
        page.wait_for_selector(".near")
        page.wait_for_timeout(1_000)
    if "/trial?" in url:
        run_trial(page)
    keep(page, path, size[0])
    context.close()


def printed(path: Path, identifier: str, env: dict[str, str]) -> None:
    """Photograph the printed case, on paper as wide as the screen's picture is useful in a text."""
    with tempfile.TemporaryDirectory() as folder:
        sheet = Path(folder) / "case.pdf"
        table = ROOT / "sample_data" / "rotterdam" / "cohort.csv"
        command = [sys.executable, "-m", "mtl", "report", "rotterdam", str(table), "--id", identifier]
        command += ["--out", str(sheet)]
        subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
        target = str(path.with_suffix(""))
        subprocess.run(["pdftoppm", "-r", "110", "-png", "-singlefile", str(sheet), target], check=True)
    print(path)


# What the treatment page shows: identifier of the Rotterdam patient, form, finding taken as not known
TREATMENT_SCENES = {
    "benefit": ("41", "100 people", None),
    "curves": ("41", "Curves", None),
    "unknown-er": ("41", None, "Oestrogen receptor"),
    "no-effect": ("18", None, None),
    "no-overlap": ("12", "Bars", None),
}


def shoot_treatment(browser: Browser, url: str, path: Path, form: str | None, unknown: str | None) -> None:
    """Photograph hormone therapy of a patient, in a form, perhaps with a finding taken as not known."""
    context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}, color_scheme="light")
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("h1", timeout=60_000)
    page.wait_for_timeout(2_000)
    if unknown is not None:
        page.get_by_role("button", name=unknown, exact=True).click()
        page.get_by_role("button", name="Apply").click()
        page.wait_for_selector("[data-box=expected]")
    if form is not None:
        page.get_by_role("radio", name=form, exact=True).click()
    page.wait_for_timeout(1_500)
    keep(page, path, WIDE[0])
    context.close()


def link(identifier: str, port: int, env: dict[str, str]) -> str:
    """Address of a Rotterdam patient's case."""
    command = [sys.executable, "-m", "mtl", "link", "rotterdam", "--id", identifier, "--port", str(port)]
    return subprocess.run(
        command, cwd=ROOT, env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--case", default="1393", help="identifier of the Rotterdam patient that is shown")
    parser.add_argument("--printed", default="41", help="identifier of the Rotterdam patient on paper")
    parser.add_argument(
        "--only", default="", help="only pictures whose name begins like one of these, with commas between"
    )
    parser.add_argument("--home", type=Path, help="a state folder to photograph instead of a fresh one")
    args = parser.parse_args()
    only = tuple(args.only.split(","))
    args.out.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "CONSILIUM_HOME": str(args.home or home)}
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
            cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            wait_until_ready(url)
            case = f"{link(args.case, port, env)}&task=recurrence"
            if "report".startswith(only):
                printed(args.out / "report.png", args.printed, env)
            explain = (
                f"{url}/explain?cohort=rotterdam&task=recurrence&{case.partition('?')[2].partition('&')[0]}"
            )
            pages = {
                "overview": f"{url}/",
                "patients": f"{url}/patients",
                "case": case,
                "similar": case,
                "explain": explain,
                "treatment": f"{case.replace('/case?', '/treatment?')}&treatment=hormon",
                "new-patient": f"{url}/new?cohort=rotterdam",
                "trial": f"{url}/trial?cohort=rotterdam",
                "upload": f"{url}/upload",
                "study": f"{url}/study",
                "look": f"{url}/look",
                "train": f"{url}/train",
                "score": f"{url}/score",
                "model-card": f"{url}/model_card",
                "access": f"{url}/access",
                "audit": f"{url}/audit",
            }
            panels = [name for name in PANELS if name.startswith(only)]
            gathered(panels, env)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                if any(name.startswith(only) for name in ("upload", "study", "look", "train", "score")):
                    bring(browser, url)
                for name in panels:
                    cohort, panel, _parts = PANELS[name]
                    address = f"{url}/performance?cohort={cohort}&panel={panel}"
                    marker = "[class*=st-key-card_], .say"
                    for ending, lang, scheme in LOOKS if name in DARK else (LOOKS[0], LOOKS[2]):
                        path = args.out / f"{name}{ending}.png"
                        shoot(browser, f"{address}&lang={lang}", path, WIDE, scheme, marker)
                for name, address in pages.items():
                    if not name.startswith(only):
                        continue
                    joint = "&" if "?" in address else "?"
                    english = f"{address}{joint}lang=en"
                    marker = ".depend" if name == "explain" else "h1, h2"
                    tab = SIMILAR if name == "similar" else None
                    shoot(browser, english, args.out / f"{name}.png", WIDE, "light", marker, tab)
                    shoot(browser, english, args.out / f"{name}-dark.png", WIDE, "dark", marker, tab)
                    shoot(browser, english, args.out / f"{name}-390.png", NARROW, "light", marker, tab)
                    shoot(
                        browser,
                        f"{address}{joint}lang=zh",
                        args.out / f"{name}-zh.png",
                        WIDE,
                        "light",
                        marker,
                        tab,
                    )
                scenes = TREATMENT_SCENES if "treatment".startswith(only) else {}
                for name, (identifier, form, unknown) in scenes.items():
                    address = link(identifier, port, env).replace("/case?", "/treatment?")
                    path = args.out / f"treatment-{name}.png"
                    shoot_treatment(browser, f"{address}&treatment=hormon&lang=en", path, form, unknown)
                browser.close()
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)


if __name__ == "__main__":
    main()
