"""What no error can tell, for nothing goes wrong: it must stand where people look."""

import json

import pytest
from packages import ROOT

HELP = ROOT / "web" / "docs" / "EncodeSubjects.md"
README = ROOT / "README.md"
LOCALES = sorted((ROOT / "locales").glob("*/nodeDefs.json"))


def encode_subjects(path):
    return json.loads(path.read_text(encoding="utf-8"))["EncodeSubjects"]


@pytest.mark.parametrize("path", [README, HELP], ids=["README", "help"])
def test_which_clip_a_fine_tune_needs_is_said_with_the_reason(path):
    """One line or paragraph has it all: whose CLIP-L shifts the phrases, and which one to load."""
    texts = path.read_text(encoding="utf-8").split("\n\n")
    lines = [line for text in texts for line in (text.split("\n") if "|" in text else [text])]
    whole = [line for line in lines if "DualCLIPLoader" in line]
    words = ("Pony", "Illustrious", "NoobAI", "CLIP-L", "retrained", "SDXL base")
    assert any(all(word in line for word in words) for line in whole), whole


@pytest.mark.parametrize("path", LOCALES, ids=lambda path: path.parent.name)
def test_the_input_names_the_clip_in_every_language(path):
    tooltip = encode_subjects(path)["inputs"]["clip"]["tooltip"]
    assert all(word in tooltip for word in ("DualCLIPLoader", "CLIP-L", "SDXL", "Pony")), tooltip


@pytest.mark.parametrize("path", [README, HELP], ids=["README", "help"])
def test_more_than_four_subjects_are_said_to_be_untrained(path):
    text = " ".join(path.read_text(encoding="utf-8").split())
    assert "trained with up to four subjects" in text or "trained with up to four;" in text


def test_more_than_four_subjects_are_said_to_be_untrained_where_they_are_offered():
    (english,) = (encode_subjects(path) for path in LOCALES if path.parent.name == "en")
    assert (
        "more than four, which is more than the adapter was trained with"
        in (english["description"])
    )
