"""What a checkout asks for, counted as a person would; refused when it is not whole."""

import subprocess
import sys

import pytest
from console import SetupError
from packages import ROOT
from small_checkout import PROMPTS

from msbench.checkout import read_benchmark
from msbench.duration import hours
from msbench.plan import plan
from msbench.work import tasks


def cells(lines, name):
    """The numbers behind a name in the printed table."""
    (line,) = [line for line in lines if line.startswith(name + " ")]
    return line.removeprefix(name).split()


@pytest.mark.parametrize(
    ("kind", "counted"),
    [
        ("living_living", ["3", "2", "6"]),  # fox+owl, fox+robin, owl+robin
        ("living_object", ["6", "2", "12"]),  # each being with each object
        ("living_scene", ["3", "1", "3"]),
        ("object_object_scene", ["1", "1", "1"]),
    ],
)
def test_combinations_and_pictures_of_a_kind(checkout, kind, counted):
    assert cells(plan(checkout, None), kind) == counted


def test_the_sums_and_that_they_are_not_the_authors(checkout):
    (line,) = [line for line in plan(checkout, None) if line.startswith("all 4")]
    assert line.split()[2:4] == ["13", "22"]
    assert "NOT as the authors count: 1,148 and 4,488" in line


def test_as_many_pictures_as_the_authors_have_give_their_numbers(tmp_path):
    """Their 13 kinds, with as many pictures in each category: 1,148 and 4,488."""
    many = {"living": 10, "object": 10, "upwearing": 5, "midwearing": 6, "downwearing": 3}
    many |= {"wholewearing": 2, "scene": 4}
    two = ["living_living", "living_object", "object_object", "living_upwearing"]
    two += ["living_midwearing", "living_wholewearing", "midwearing_downwearing"]
    scenes = ["living_scene", "object_scene"]
    three = ["living_living_living", "object_object_object", "upwearing_midwearing_downwearing"]
    six = {name: [f"{{0}} {{1}} {number}" for number in range(6)] for name in two}
    six |= {name: [f"{{0}} {{1}} {{2}} {number}" for number in range(6)] for name in three}
    one = {name: ["{0} {1}"] for name in scenes} | {"living_object_scene": ["{0} {1} {2}"]}
    boxes = {name: [[0, 0, 1, 1]] * len(name.split("_")) for name in six | one}
    names = {f"{category}{n}": category for category, count in many.items() for n in range(count)}
    file = tmp_path / "msdiffusion/dataset/prompts/msbench.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        f"data_class_dict = {names}\n"
        f"two_subject_combinations = {two + scenes}\n"
        f"three_subject_combinations = {[*three, 'living_object_scene']}\n"
        f"subject_combination_boxes = {boxes}\n"
        f"subject_combination_prompts = {six | one}\n"
    )
    for name, category in names.items():
        (tmp_path / "msbench" / category).mkdir(parents=True, exist_ok=True)
        (tmp_path / "msbench" / category / f"{name}.png").touch()
    (line,) = [line for line in plan(tmp_path, None) if line.startswith("all 13")]
    assert line.split() == "all 13 1,148 4,488 as the authors count".split()


def test_a_picture_of_the_plan(checkout):
    (task,) = [one for one in tasks(read_benchmark(checkout)) if one.kind == "object_object_scene"]
    assert [one.picture.name for one in task.subjects] == ["lamp.png", "mug.jpg", "sea.png"]
    assert task.prompt == "lamp and mug before the sea"
    assert task.boxes == ((0, 0, 0.5, 1), (0.5, 0, 1, 1), (0, 0, 1, 1))


def test_the_weight_is_lower_with_a_scene(checkout):
    weights = {(one.kind, one.weight) for one in tasks(read_benchmark(checkout))}
    assert weights == {
        ("living_living", 0.6),
        ("living_object", 0.6),
        ("living_scene", 0.4),
        ("object_object_scene", 0.4),
    }


def test_no_two_pictures_have_the_same_name(checkout):
    names = [one.name for one in tasks(read_benchmark(checkout))]
    assert len(set(names)) == len(names) == 22


@pytest.mark.parametrize(
    ("pictures", "seconds", "gpus", "expected"),
    [(4488, 10, 1, 44880 / 3600), (4488, 10, 8, 5610 / 3600), (9, 3600, 8, 2)],
)
def test_hours_are_the_pictures_of_the_busiest_gpu(pictures, seconds, gpus, expected):
    assert hours(pictures, seconds, gpus) == pytest.approx(expected)


def test_the_command_prints_hours_from_the_users_own_seconds(checkout):
    command = [sys.executable, "-m", "msbench", "plan", checkout, "--seconds", "1800"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert said.returncode == 0, said.stderr
    lines = [line.split() for line in said.stdout.splitlines()]
    assert "1 22 11 h 00 min".split() in lines
    assert "8 3 1 h 30 min".split() in lines


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('"sea": "sea"', "", "does not say what .*sea.png shows"),
        ("living_scene", "sky_scene", "sky holds no pictures"),
        (', [0.5, 0.25, 1., 0.75]],\n    "living_o', '],\n    "living_o', "1 boxes for 2 subjects"),
        ("{0} before the {1}", "{0} before the sea", "living_scene has a prompt without {1}"),
        ('["{0} before the {1}"]', "[]", "living_scene has no prompt"),
        ("data_class_dict", "names", "has no data_class_dict"),
        ("places = [", "places = print('ran') or [", "cannot be read as lists and names"),
        ("places = [", "places = [[", "cannot be read as lists and names"),
    ],
)
def test_a_checkout_that_is_not_whole_is_refused(checkout, before, after, fault, capsys):
    changed = PROMPTS.replace(before, after)
    assert changed != PROMPTS
    (checkout / "msdiffusion/dataset/prompts/msbench.py").write_text(changed)
    with pytest.raises(SetupError, match=fault):
        read_benchmark(checkout)
    assert capsys.readouterr().out == ""  # nothing in it ran


def test_another_folder_is_refused_with_the_address_of_the_right_one(tmp_path):
    with pytest.raises(SetupError, match="git clone https://github.com/MS-Diffusion/MS-Diffusion"):
        read_benchmark(tmp_path)
