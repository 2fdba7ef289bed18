"""What `tools/test.py` does on a machine that lacks something; no program is started here."""

import os
import sys
from functools import partial
from pathlib import Path

import browser
import packages
import parts
import pytest
import running
import system
import torchaudio_for
from console import Aside, SetupError, note, run
from parts import Part
from running import Result

CHROMIUM = Path("/usr/bin/chromium")
OWN = Path("/browsers/chrome")


@pytest.fixture
def machine(monkeypatch):
    """A Linux machine with nothing, where `commands` are only written down.

    `fail` has the parts of commands that fail; `brings` the browser that an apt-get install brings.
    """
    made = Machine()
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    for module in (browser, system, torchaudio_for):
        monkeypatch.setattr(module, "run", made.run)
    for module in (browser, system):
        monkeypatch.setattr(module, "may_use_apt", lambda: made.root)
    monkeypatch.setattr(browser, "usual_places", list)
    monkeypatch.setattr(browser.shutil, "which", lambda name: made.found.get(name))
    return made


class Machine:
    def __init__(self):
        self.root, self.commands, self.fail, self.brings = True, [], [], {}
        self.found, self.answers = {}, {}

    def run(self, command, fault, **options):
        line = " ".join(map(str, command))
        self.commands.append(line)
        if any(part in line for part in self.fail):
            raise SetupError(fault)
        if "install -y" in line:
            self.found |= self.brings
        return next((answer for part, answer in self.answers.items() if part in line), "")

    def did(self, text):
        return any(text in line for line in self.commands)


def test_a_browser_that_is_there_is_taken(machine):
    machine.found = {"google-chrome": "/usr/bin/google-chrome"}
    assert browser.chromium_of_the_system() == Path("/usr/bin/google-chrome")
    assert not machine.did("apt-get")


def test_a_browser_that_does_not_start_is_none(machine):
    """Ubuntu's chromium-browser only says that the snap is wanted."""
    machine.found, machine.brings = {"chromium-browser": "/stub"}, {"chromium": str(CHROMIUM)}
    machine.fail = ["/stub"]
    assert browser.chromium_of_the_system() == CHROMIUM


def test_root_gets_debians_chromium(machine):
    machine.brings = {"chromium": str(CHROMIUM)}
    assert browser.chromium_of_the_system() == CHROMIUM
    assert machine.did("apt-get") and machine.did("install -y --no-install-recommends chromium")


@pytest.mark.parametrize(("root", "fail"), [(False, []), (True, ["install -y"]), (True, [])])
def test_without_apt_there_is_none_of_the_system(machine, root, fail):
    machine.root, machine.fail = root, fail
    assert browser.chromium_of_the_system() is None
    assert machine.did("apt-get") == root


def test_a_wrong_chromium_path_is_an_error(machine, monkeypatch):
    monkeypatch.setenv("CHROMIUM_PATH", "/nowhere/chromium")
    with pytest.raises(SetupError, match="/nowhere/chromium"):
        browser.chromium_of_the_system()


def test_playwrights_own_is_the_next(machine):
    machine.answers = {"executable_path": str(OWN)}
    assert browser.playwrights_own(Path("python")) == OWN
    assert machine.did("playwright install chromium") and not machine.did("install-deps")


def test_playwrights_own_gets_its_libraries(machine, monkeypatch):
    machine.answers = {"executable_path": str(OWN)}
    monkeypatch.setattr(browser, "starts", lambda path: machine.did("install-deps"))
    assert browser.playwrights_own(Path("python")) == OWN
    machine.root, machine.commands = False, []
    assert browser.playwrights_own(Path("python")) is None


def test_without_any_browser_there_is_none(machine):
    machine.answers, machine.fail = {"executable_path": str(OWN)}, ["playwright install"]
    assert browser.playwrights_own(Path("python")) is None


def test_without_a_browser_the_last_line_says_so_and_it_fails(capsys):
    results = [Result(Part("tests/server", ("pytest",), browser=True), 0, 1.0)]
    assert running.summary(results, CHROMIUM) == 0
    assert "browser" not in capsys.readouterr().out
    assert running.summary(results, None) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert "without a browser" in last and "apt-get install chromium" in last


def test_a_run_without_tests_of_the_page_needs_no_browser():
    results = [Result(parts.selected(["tests/library"]), 0, 1.0)]
    assert running.summary(results, None) == 0


@pytest.mark.parametrize("root", [True, False])
def test_what_makes_environments_is_installed_or_named(machine, root):
    machine.root, machine.fail = root, ["import ensurepip"]
    with pytest.raises(SetupError, match="apt-get install python.*-venv"):
        system.ensure_ensurepip()
    assert machine.did("-venv") == root


def test_nothing_is_installed_where_ensurepip_is(machine):
    system.ensure_ensurepip()
    assert not machine.did("apt-get")


@pytest.fixture
def sound(machine, monkeypatch, tmp_path):
    """Provides torchaudio: `sound(requirements, fits)`; pip gets one that fits, or none."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(torchaudio_for, "pip_install", lambda *wanted: machine.run(wanted[2], "no"))
    machine.answers = {"version('torch')": "2.14.1+cpu", "import torchaudio": "2.11.0"}

    def provide(requirements, fits):
        (tmp_path / "requirements.txt").write_text(requirements)
        machine.fail = [] if fits else ["torchaudio=="]
        if fits:
            machine.answers["import torchaudio"] = "2.14.0"
        torchaudio_for.provide_torchaudio(Path("python"), tmp_path)
        return os.environ.get("PYTHONPATH")

    return provide


def test_a_torchaudio_that_fits_is_taken(sound, capsys):
    assert sound("torch\ntorchaudio\n", True) is None
    assert "torchaudio 2.14" in capsys.readouterr().out


def test_an_empty_torchaudio_stands_in_where_none_fits(sound, capsys):
    assert sound("torch\ntorchaudio\n", False) == str(torchaudio_for.STAND_IN)
    assert "stands in" in capsys.readouterr().out


def test_a_comfyui_that_names_no_torchaudio_gets_none(sound, machine):
    assert sound("torch\ntorchaudio-extras\n", False) is None
    assert machine.commands == []


def test_the_stand_in_has_what_comfyui_imports_and_nothing_to_call(monkeypatch):
    monkeypatch.syspath_prepend(str(torchaudio_for.STAND_IN))
    import torchaudio
    import torchaudio.functional as functional

    with pytest.raises(ImportError):
        from torchaudio.transforms import MelScale  # noqa: F401
    with pytest.raises(AttributeError, match="stand-in"):
        functional.resample(0)
    for name in [name for name in sys.modules if name.partition(".")[0] == torchaudio.__name__]:
        monkeypatch.delitem(sys.modules, name)


def test_what_an_aside_says_waits_for_its_step(capsys):
    first = Aside(partial(note, "one"))
    second = Aside(partial(note, "two"), after=first)
    assert second.result() is None
    assert capsys.readouterr().out.split() == ["two"]
    first.result()
    assert capsys.readouterr().out.split() == ["one"]


def test_an_aside_passes_its_error_on():
    failing = Aside(partial(run, ["no-such-program"], "It failed."))
    with pytest.raises(SetupError, match="It failed"):
        failing.result()


def test_every_folder_of_tests_is_a_part():
    folders = {path.name for path in (packages.ROOT / "tests").iterdir() if any_test(path)}
    named = {part.command[1] for part in (*parts.early_parts([]), *parts.later_parts([]))}
    assert {f"tests/{name}" for name in folders} <= named


def any_test(folder):
    return any(folder.glob("test_*.py"))
