"""Rows become prompts; every fault of a table is said with row and column before anything runs."""

import json
import re
from pathlib import Path

import pytest
from batching.jobs import Jobs
from batching.models import TOY, sdxl
from batching.presets import PRESETS
from console import SetupError
from PIL import Image
from templates import FIRST
from toy_rows import row_of, write_csv, write_jsonl

ROOT = Path(__file__).resolve().parents[2]


def tasks_of(folder, *rows, models=TOY):
    return Jobs(write_jsonl(folder / "jobs.jsonl", rows)).tasks(models)


def inputs(task, kind):
    return [one["inputs"] for one in task.prompt.values() if one["class_type"] == kind]


def faults_of(folder, *rows):
    with pytest.raises(SetupError) as error:
        tasks_of(folder, *rows)
    return str(error.value).splitlines()[1:]


def test_a_row_with_the_templates_values_is_the_template(folder):
    """Same nodes, same values: the batch paints what the page paints."""
    nodes = json.loads(FIRST.read_text(encoding="utf-8"))["nodes"]
    values = {node["type"]: node["widgets_values"] for node in nodes if node.get("widgets_values")}
    prompts = [node["widgets_values"][0] for node in nodes if node["type"] == "CLIPTextEncode"]
    cat, cup = values["EncodeSubjects"][0].splitlines()
    row = {
        "picture_1": "cat.png",
        "phrase_1": cat,
        "picture_2": "mask.png",
        "phrase_2": cup,
        "layout": values["LayoutBoxes"][0],
        "prompt": prompts[0],
        "seed": 42,
    }
    (task,) = tasks_of(folder, row, models=sdxl())
    kinds = sorted(one["class_type"] for one in task.prompt.values())
    drawn = {"MarkdownNote", "SaveImage"}
    assert kinds == sorted(
        [node["type"] for node in nodes if node["type"] not in drawn] + ["PreviewImage"]
    )
    assert [one["text"] for one in inputs(task, "CLIPTextEncode")] == prompts
    (layout,) = inputs(task, "LayoutBoxes")
    assert json.loads(layout["boxes"]) == json.loads(values["LayoutBoxes"][0])
    assert [layout["width"], layout["height"]] == values["LayoutBoxes"][1:3]
    (sampler,) = inputs(task, "KSampler")
    seed, _, steps, cfg, name, scheduler, denoise = values["KSampler"]
    assert [
        sampler[key] for key in ("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise")
    ] == [
        seed,
        steps,
        cfg,
        name,
        scheduler,
        denoise,
    ]
    assert inputs(task, "ApplyMSDiffusion")[0]["weight"] == values["ApplyMSDiffusion"][0]
    for kind in ("CheckpointLoaderSimple", "CLIPVisionLoader", "LoadMSDModel"):
        assert list(inputs(task, kind)[0].values()) == values[kind]


def test_all_that_a_row_says_is_in_the_prompt(folder):
    (task,) = tasks_of(
        folder,
        row_of(
            id="one",
            picture_2="cup.png",
            mask_2="mask.png",
            phrase_2="cup",
            box_2=[0, 0, 0.5, 0.5],
            negative="ugly",
            seed=2**64 - 1,
            weight=0.5,
            weight_2=0.4,
            width=192,
            height=256,
            steps=7,
            cfg=2.5,
            sampler="dpmpp_2m",
            scheduler="karras",
            note_shop="A",
        ),
    )
    assert (task.id, task.seed, task.notes) == ("one", 2**64 - 1, {"note_shop": "A"})
    sampler = inputs(task, "KSampler")[0]
    assert (sampler["seed"], sampler["steps"], sampler["cfg"]) == (2**64 - 1, 7, 2.5)
    assert (sampler["sampler_name"], sampler["scheduler"]) == ("dpmpp_2m", "karras")
    assert inputs(task, "ApplyMSDiffusion")[0]["subject_weights"] == "0.5, 0.4"
    layout = inputs(task, "LayoutBoxes")[0]
    assert json.loads(layout["boxes"]) == [[0.1, 0.2, 0.8, 0.9], [0, 0, 0.5, 0.5]]
    assert (layout["width"], layout["height"]) == (192, 256)
    subjects = inputs(task, "EncodeSubjects")[0]
    assert subjects["phrases"] == "cat\ncup"
    assert task.prompt[subjects["mask_2"][0]]["class_type"] == "LoadImageMask"
    # the cup's own alpha reaches the encoder; the cat has none
    assert task.prompt[subjects["image_2"][0]]["class_type"] == "JoinImageWithAlpha"
    assert task.prompt[subjects["image_1"][0]]["class_type"] == "LoadImage"


def test_the_authors_schedule_is_a_scheduler(folder):
    (task,) = tasks_of(folder, row_of(scheduler="authors", seed=5, steps=9))
    assert inputs(task, "AuthorsSchedule")[0]["steps"] == 9
    assert inputs(task, "SamplerCustom")[0]["noise_seed"] == task.seed == 5


def test_more_than_four_subjects_are_a_chain(folder):
    more = {
        f"{key}_{n}": cell
        for n in range(1, 7)
        for key, cell in [("picture", "cat.png"), ("phrase", f"s{n}")]
    }
    (task,) = tasks_of(folder, row_of(box_1=None, layout=[[0, 0, 1, 1]] * 6, **more))
    first, second = inputs(task, "EncodeSubjects")
    assert first["phrases"].splitlines() == ["s1", "s2", "s3", "s4"]
    assert second["phrases"].splitlines() == ["s5", "s6"]
    assert second["subjects"] == ["subjects_1", 0]
    assert inputs(task, "ApplyMSDiffusion")[0]["subjects"] == ["subjects_5", 0]


def test_a_row_keeps_its_seed_when_others_come_before_it(folder):
    (alone,) = tasks_of(folder, row_of(id="b"))
    _, second = tasks_of(folder, row_of(id="a"), row_of(id="b"))
    assert alone.seed == second.seed
    assert alone.digest == second.digest


def test_another_picture_of_the_same_name_is_another_job(folder):
    (before,) = tasks_of(folder, row_of())
    Image.new("RGB", (64, 64), "green").save(folder / "cat.png")
    (after,) = tasks_of(folder, row_of())
    assert before.digest != after.digest


def test_presets_are_those_of_the_editor():
    script = (ROOT / "web" / "layout_editor" / "arrange.js").read_text("utf-8")
    constants = dict(re.findall(r"^const ([A-Z_]+) = (\[.*\]);", script, re.M))
    entries = re.findall(r"\{ names: (\[.*?\]), boxes: (.*?) \},\n", script)
    found = {}
    for names, boxes in entries:
        for name, value in constants.items():
            boxes = re.sub(rf"\.\.\.{name}\b", value[1:-1], boxes)
            boxes = re.sub(rf"\b{name}\b", value, boxes)
        found |= dict.fromkeys(json.loads(names), json.loads(boxes))
    assert len(found) == 13
    assert {key: [list(box) for box in boxes] for key, boxes in PRESETS.items()} == found


@pytest.mark.parametrize("name", ["personHat", "person hat", "Person_Hat"])
def test_a_preset_is_a_layout(folder, name):
    more = {"picture_2": "cup.png", "phrase_2": "hat", "box_1": None}
    (task,) = tasks_of(folder, row_of(layout=name, **more))
    boxes = json.loads(inputs(task, "LayoutBoxes")[0]["boxes"])
    assert boxes == [[0.25, 0.25, 0.75, 0.75], [0.25, 0, 0.75, 0.25]]


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        ({"picture_1": None}, "picture_1", "is empty"),
        ({"picture_1": "dog.png"}, "picture_1", "there is no file"),
        ({"picture_1": "../cat.png"}, "picture_1", "there is no file"),
        ({"picture_1": "jobs.jsonl"}, "picture_1", "no picture of a known format"),
        ({"picture_1": 5}, "picture_1", "there is no file"),
        ({"picture_1": ["cat.png"]}, "picture_1", "expected text"),
        ({"mask_1": "wide.png"}, "mask_1", "their shapes differ"),
        ({"phrase_1": None}, "phrase_1", "is empty"),
        ({"phrase_1": "cat\ndog"}, "phrase_1", "more than one line"),
        ({"phrase_1": "\ud800"}, "phrase_1", "no Unicode text"),
        ({"prompt": " "}, "prompt", "is empty"),
        ({"box_1": None}, "layout", "so is every box_N"),
        ({"box_1": "10, 10, 500, 500"}, "box_1", "not pixels"),
        ({"box_1": "0.5 0.5 0.1 0.9"}, "box_1", "has no area"),
        ({"box_1": [0, 0, 1]}, "box_1", "expected x0, y0, x1, y1"),
        ({"box_1": [0, 0, True, 1]}, "box_1", "expected x0, y0, x1, y1"),
        ({"box_1": "0, 0, nan, 1"}, "box_1", "not pixels"),
        ({"layout": "twoObjects"}, "layout", "beside box_1"),
        ({"box_1": None, "layout": "twoObjects"}, "layout", "has 2 boxes for 1 subjects"),
        ({"box_1": None, "layout": "threeCats"}, "layout", "one of twoBeings"),
        ({"box_1": None, "layout": "[[0, 0, 1, 1"}, "layout", "no JSON"),
        ({"picture_3": "cat.png", "phrase_3": "x", "box_3": "0 0 1 1"}, "picture_2", "is empty"),
        ({"seed": -1}, "seed", "expected a whole number from 0"),
        ({"seed": 1.5}, "seed", "expected a whole number"),
        ({"seed": True}, "seed", "expected a whole number"),
        ({"steps": "many"}, "steps", "expected a whole number"),
        ({"weight": 9}, "weight", "expected a number from 0 to 3"),
        ({"weight_1": "x"}, "weight_1", "expected a number"),
        ({"width": 100}, "width", "a multiple of 8"),
        ({"height": "10^3"}, "height", "expected a whole number"),
        ({"cfg": "inf"}, "cfg", "expected a number"),
    ],
)
def test_a_fault_is_named_with_its_row_and_column(folder, cells, column, said):
    Image.new("L", (128, 64)).save(folder / "wide.png")
    faults = faults_of(folder, row_of(), row_of(**cells))
    assert any(f"row 2, column {column}: " in fault and said in fault for fault in faults), faults
    assert not any("row 1," in fault for fault in faults)


def test_all_faults_come_at_once(folder):
    faults = faults_of(folder, row_of(seed="x", steps=0), row_of(), row_of(prompt=None))
    assert [fault.split(":")[0].strip() for fault in faults] == [
        "row 1, column seed",
        "row 1, column steps",
        "row 3, column prompt",
    ]


def test_a_row_that_cannot_be_read_is_one_fault(folder):
    path = write_csv(folder / "jobs.csv", [row_of()])
    path.write_text(path.read_text() + "a,b\n")
    with pytest.raises(
        SetupError, match="has a fault; nothing was painted.\n.*row 2: 2 cells came"
    ):
        Jobs(path).tasks(TOY)


def test_an_unknown_column_is_refused_with_the_likely_one(folder):
    (fault,) = faults_of(folder, row_of(Prompt="x"))
    assert "column Prompt: is not known; did you mean prompt?" in fault


def test_two_rows_of_one_id_are_refused(folder):
    faults = faults_of(folder, row_of(id="a"), row_of(id="b"), row_of(id="a"))
    assert [fault.strip() for fault in faults] == [
        "row 1, column id: 'a' is there twice",
        "row 3, column id: 'a' is there twice",
    ]


def test_a_cell_of_a_spreadsheet_is_read_as_meant(folder):
    """Whole numbers with .0, spaces around, NaN for empty."""
    (task,) = tasks_of(folder, row_of(seed="12.0", steps=" 3 ", weight=float("nan"), id=7.0))
    assert (task.seed, task.id) == (12, "7")
    assert inputs(task, "ApplyMSDiffusion")[0]["weight"] == 0.6
