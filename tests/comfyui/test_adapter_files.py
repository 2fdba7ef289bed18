"""Where adapters are found, and that what the library says of a bad file stands under the input."""

import os
import zipfile

import folder_paths
import pytest
import torch
from safetensors.torch import save_file

pytestmark = pytest.mark.usefixtures("next_run_works")


@pytest.fixture
def model_file(adapter_folder):
    """Write into models/msdiffusion, or a folder beside it, for the length of the test."""
    written = []

    def write(name, save, folder="msdiffusion"):
        path = adapter_folder.parent / folder / name
        path.parent.mkdir(exist_ok=True)
        written.append(path)
        save(path)
        folder_paths.filename_list_cache.clear()  # a list may be younger than the clock's tick
        return path

    yield write
    for path in written:
        path.unlink()
    folder_paths.filename_list_cache.clear()


class Hostile:
    """Unpickling it makes a folder."""

    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        return os.mkdir, (self.marker,)


def adapter():
    from tiny_models.adapter import tiny_adapter

    return tiny_adapter()


def ip_adapter():
    return {"image_proj": {"norm.weight": torch.ones(4)}, "ip_adapter": adapter()["ms_adapter"]}


def save(state, path):
    """Save as the suffix says; .safetensors takes the same tensors under flat names."""
    if path.suffix == ".bin":
        return torch.save(state, path)
    groups = {group: entry for group, entry in state.items() if isinstance(entry, dict)}
    save_file({f"{g}.{name}": groups[g][name] for g in groups for name in groups[g]}, path)


def save_damaged_zip(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(9999))
    content = path.read_bytes()
    path.write_bytes(content[:40] + b"\xff" * 5 + content[45:])


OTHERS = {
    "other.bin": lambda path: save(ip_adapter(), path),
    "other.safetensors": lambda path: save(ip_adapter(), path),
    "page.bin": lambda path: path.write_text("<!doctype html>" * 99),
}


def test_a_file_that_is_no_adapter_is_refused_under_the_input(refused, model_file):
    model_file("other.bin", OTHERS["other.bin"])
    parts = ["is an IP-Adapter", "ip_adapter", "expected image_proj", "ms_adapter.bin"]
    refused("LoadMSDModel", "model_name", *parts, model_name="other.bin")


def test_nothing_in_a_hostile_file_is_executed(refused, model_file, tmp_path):
    state = adapter() | {"image_proj": Hostile(tmp_path / "executed")}
    path = model_file("hostile.bin", lambda path: torch.save(state, path))
    refused("LoadMSDModel", "model_name", "hostile.bin", "ms_adapter.bin", model_name="hostile.bin")
    assert not (tmp_path / "executed").exists()
    with open(path, "rb") as file:
        torch.load(file, weights_only=False)
    assert (tmp_path / "executed").exists(), "the trap must work"


def test_a_name_that_is_not_there(refused, pack, msd_model):
    answer = pack.nodes["LoadMSDModel"].VALIDATE_INPUTS("no_such.bin")
    assert answer.startswith("model_name: ")
    assert all(part in answer for part in ("no_such.bin", "tiny_ms_adapter.bin", "msdiffusion"))
    refused("LoadMSDModel", "model_name", "no_such.bin", "choose", model_name="no_such.bin")


@pytest.mark.parametrize("folder", ["ipadapter", "photomaker"])
def test_other_folders_offer_adapters_of_ours_only(folder, model_file, pack, run, msd_model):
    load, ours = pack.nodes["LoadMSDModel"], [f"{folder}.bin", f"{folder}.safetensors"]
    for name in ours:
        model_file(name, lambda path: save(adapter(), path), folder)
    for name, write in OTHERS.items():
        model_file(name, write, folder)
    offered = load.INPUT_TYPES()["required"]["model_name"][0]
    assert set(ours) < set(offered) and not set(OTHERS) & set(offered)
    for name in ours:
        assert load.VALIDATE_INPUTS(name) is True
        assert len(run("LoadMSDModel", model_name=name)[0].adapter.site_widths) == 6


def test_a_wrapped_adapter_is_offered_from_another_packs_folder(model_file, pack, run, msd_model):
    model_file("wrapped.bin", lambda path: torch.save({"state_dict": adapter()}, path), "ipadapter")
    offered = pack.nodes["LoadMSDModel"].INPUT_TYPES()["required"]["model_name"][0]
    assert "wrapped.bin" in offered
    state = run("LoadMSDModel", model_name="wrapped.bin")[0].adapter.state_dict()
    expected = msd_model.adapter.state_dict()
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[name], tensor) for name, tensor in expected.items())


@pytest.mark.parametrize("write", [save_damaged_zip, lambda path: path.symlink_to("/gone")])
def test_a_broken_file_elsewhere_does_not_hide_the_node(write, model_file, pack, msd_model):
    # ComfyUI drops a node from the page when its INPUT_TYPES raise
    model_file("broken.bin", write, "ipadapter")
    offered = pack.nodes["LoadMSDModel"].INPUT_TYPES()["required"]["model_name"][0]
    assert "tiny_ms_adapter.bin" in offered and "broken.bin" not in offered
