"""Layout Boxes with painted areas, from files in ComfyUI's input folder."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

NAME = "msdiffusion/area-1.png [input]"
SIZE = {"boxes": "[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]", "width": 128, "height": 64}
TRIANGLE = np.tri(64, 64) > 0


def areas(name=NAME, **more):
    return json.dumps([None, {"image": name, **more}])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    import folder_paths

    monkeypatch.setattr(folder_paths, "get_input_directory", lambda: str(tmp_path))
    (tmp_path / "msdiffusion").mkdir()
    save(tmp_path, TRIANGLE)
    return tmp_path


def save(folder, shape):
    picture = Image.fromarray(shape.astype(np.uint8) * 255).convert("RGBA")
    picture.save(folder / "msdiffusion" / "area-1.png")


@pytest.fixture
def node(pack):
    return pack.nodes["LayoutBoxes"]


def test_a_painted_area_takes_the_place_of_its_box(folder, run, node):
    made = dict(zip(node.RETURN_NAMES, run("LayoutBoxes", **SIZE, areas=areas()), strict=True))
    assert made["masks"][0, :, :64].all() and not made["masks"][0, :, 64:].any()
    assert not made["masks"][1, :, :64].any()
    assert torch.equal(made["masks"][1, :, 64:] > 0.5, torch.from_numpy(TRIANGLE))
    assert [box["x"] for box in made["bboxes"][0]] == [0, 64]


def test_a_mirrored_area_is_turned_round(folder, run):
    masks = run("LayoutBoxes", **SIZE, areas=areas(mirrored=True))[2]
    assert torch.equal(masks[1, :, 64:] > 0.5, torch.from_numpy(TRIANGLE[:, ::-1].copy()))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("msdiffusion/gone.png [input]", "msdiffusion/gone.png [input] is not there"),
        ("../secret.png [input]", "leaves ComfyUI's folder"),
    ],
)
def test_a_file_that_is_not_there_is_named_before_and_in_a_run(folder, run, node, name, told):
    (folder.parent / "secret.png").write_bytes(b"")
    said = node.VALIDATE_INPUTS(areas=areas(name))
    assert said.startswith("areas: ") and told in said
    with pytest.raises(ValueError, match="areas: box 2: "):
        run("LayoutBoxes", **SIZE, areas=areas(name))


def test_a_file_that_is_no_picture_is_refused(folder, run):
    (folder / "msdiffusion" / "area-1.png").write_text("no picture")
    with pytest.raises(ValueError, match="areas: box 2: .* cannot be read"):
        run("LayoutBoxes", **SIZE, areas=areas())


def test_a_file_that_has_changed_is_read_again(folder, node):
    before = node.IS_CHANGED(areas=areas(), boxes="[]")
    assert node.VALIDATE_INPUTS(areas=areas()) is True
    assert before == node.IS_CHANGED(areas=areas())
    save(folder, np.tri(32, 32) > 0)
    assert before != node.IS_CHANGED(areas=areas())
    assert node.IS_CHANGED(areas="") == node.IS_CHANGED(areas=None)
