"""Where a phrase stands in the tokens of ComfyUI's own tokenizer."""

import copy
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

TESTS = Path(__file__).resolve().parent.parent
CASES = json.loads((TESTS / "golden" / "phrase_spans.json").read_text())
SHARED = json.loads((TESTS / "phrases.json").read_text(encoding="utf-8"))  # with tests/page
CHUNK = 77


@pytest.fixture(scope="module")
def phrases(pack):
    return pack.phrases


@pytest.fixture(scope="module")
def tokenize(tiny):
    return lambda text: tiny.clip.tokenize(text)["l"]


@pytest.fixture(scope="module")
def positions(phrases, tokenize):
    def find(prompt, *names):
        return phrases.phrase_positions(prompt, names, tokenize)

    return find


@pytest.fixture(scope="module")
def words_at(tiny, tokenize):
    """The vocabulary's words at positions of the prompt's concatenated chunks."""

    def read(prompt, places):
        entries = [entry for chunk in tokenize(prompt) for entry in chunk]
        pairs = tiny.clip.tokenizer.untokenize([entries[place] for place in places])
        return "".join(word for _, word in pairs).replace("</w>", " ").strip()

    return read


@pytest.mark.parametrize("case", CASES, ids=[case["prompt"][:20] for case in CASES])
def test_the_recorded_spans_are_found(positions, case):
    expected = [list(range(*span)) for span in case["spans"]]
    assert positions(case["prompt"], *case["phrases"]) == expected


@pytest.mark.parametrize(
    ("prompt", "phrase", "expected"),
    [
        ("A DOG", "dog", [2]),
        ("a dog", "DOG", [2]),
        ("a (dog:1.2) here", "dog", [2]),
        ("a ((big (dog:1.3)):0.5) here", "big dog", [2, 3]),
        ("a [dog] here", "dog", [3]),
        (r"a \(dog\) here", "dog", [3]),
        (r"a dog \(toy\)", r"dog \(toy\)", [2, 3, 4, 5]),
        ("a (red:1.2) (dog:0.8)", "red dog", [2, 3]),
        ("two dogs", "dog", [2]),
        ("a dog", "dogs", [2]),
        ("three wolves howl", "wolf", [2]),
        ("two stuffed animals", "stuffed animal", [2, 3]),
        ("a woman", "women", [2]),
        ("a t-shirt", "T-Shirt", [2, 3, 4]),
        ("two t-shirts", "t-shirt", [2, 3, 4]),
        ("dog's house", "dog", [1]),
        ("dog,cat.", "cat", [3]),
        ("a\n  stuffed\tanimal", "stuffed animal", [2, 3]),
    ],
)
def test_a_phrase_is_found(positions, prompt, phrase, expected):
    assert positions(prompt, phrase) == [expected]


@pytest.mark.parametrize(
    ("prompt", "phrase"),
    [
        ("ein grüner Käfer im Gras", "grüner Käfer"),
        ("EIN GRÜNER KÄFER", "grüner käfer"),
        ("a 🐕 and a 🏠 here", "🏠"),
        ("a 猫 and 犬 here", "犬"),
        ("a 猫犬 here", "犬"),
        ("красная собака", "собака"),
        ("a xyzzyplugh qwfpgj here", "qwfpgj"),
        ("3 dogs, 12 cats", "12 cats"),
        ("naïve café", "café"),
    ],
)
def test_unusual_words_are_found_at_their_place(positions, words_at, prompt, phrase):
    (places,) = positions(prompt, phrase)
    assert words_at(prompt, places) == words_at(phrase, range(1, 1 + len(places)))
    assert places == list(range(places[0], places[-1] + 1))


@pytest.mark.parametrize(
    ("prompt", "phrase"),
    [
        ("a category", "cat"),
        ("a concatenation", "cat"),
        ("a xyzcat", "cat"),
        ("a dogcatdog", "cat"),
        ("a qqshirt", "shirt"),
        ("a catqq", "cat"),
        ("(qqshirt:1.2)", "shirt"),
        ("QQSHIRT", "shirt"),
    ],
)
def test_a_part_of_a_word_is_not_found(positions, prompt, phrase):
    with pytest.raises(ValueError, match=f'"{phrase}" is not in the prompt'):
        positions(prompt, phrase)


def test_a_word_that_only_ends_like_the_phrase_is_passed_over(positions, tokenize):
    prompt = "a qqshirt and a shirt"
    entries = [token for token, _ in tokenize(prompt)[0]]
    shirt = tokenize("shirt")[0][1][0]
    _, second = (place for place, token in enumerate(entries) if token == shirt)
    assert positions(prompt, "shirt") == [[second]]


@pytest.mark.parametrize("before", [70, 74, 75, 76, 100, 149, 150, 151, 200])
@pytest.mark.parametrize("form", ["{} grey sloth plushie {}", "{} (grey sloth plushie:1.2) {}"])
def test_a_phrase_is_found_in_any_chunk(phrases, positions, tokenize, words_at, before, form):
    prompt = form.format("very " * before, "too " * 20)
    (places,) = positions(prompt, "grey sloth plushie")
    assert len(places) == 4
    assert words_at(prompt, places) == words_at("grey sloth plushie", range(1, 5))
    assert phrases.prompt_length(prompt, tokenize) == CHUNK * len(tokenize(prompt))


def test_the_chunks_of_a_long_prompt_follow_each_other(phrases, positions, tokenize):
    prompt = "a dog " + "very " * 80 + "dog " + "very " * 80 + "dog"
    assert phrases.prompt_length(prompt, tokenize) == 3 * CHUNK
    # 75 words a chunk: word 82 is number 7 of the second, word 163 number 13 of the third
    assert positions(prompt, "dog", "dog", "dog") == [[2], [CHUNK + 8], [2 * CHUNK + 14]]


def test_the_positions_are_those_of_the_encoded_text(positions, tiny):
    prompt = "very " * 90 + "dog"
    ((place,),) = positions(prompt, "dog")
    encoded = tiny.clip.encode_from_tokens(tiny.clip.tokenize(prompt))
    other = tiny.clip.encode_from_tokens(tiny.clip.tokenize(prompt.replace("dog", "cat")))
    changed = (encoded - other).abs().amax(dim=-1)[0] > 0
    assert changed.nonzero()[0].item() == place


@pytest.fixture(params=["style.safetensors", "style.pt"])
def with_embedding(request, tiny, tmp_path):
    """The tokenizer with a textual inversion of two vectors, "embedding:style"."""
    vectors = torch.arange(48.0).reshape(2, 24)
    path = tmp_path / request.param
    if path.suffix == ".pt":
        torch.save({"string_to_param": {"*": vectors}}, path)
    else:
        save_file({"clip_l": vectors, "clip_g": torch.ones(2, 40)}, path)
    tokenizer = copy.copy(tiny.clip.tokenizer.clip_l)
    tokenizer.embedding_directory, tokenizer.embedding_size = str(tmp_path), 24
    return tokenizer.tokenize_with_weights


@pytest.mark.parametrize(
    ("prompt", "names", "expected"),
    [
        ("a embedding:style dog", ["dog"], [[4]]),
        ("a embedding:style, dog", ["dog"], [[5]]),
        ("a (embedding:style dog:1.2)", ["dog"], [[4]]),
        ("a dog, embedding:style", ["embedding:style", "dog"], [[4, 5], [2]]),
        ("embedding:style and embedding:style", ["embedding:style"] * 2, [[1, 2], [4, 5]]),
        ("a embedding:style dog", ["embedding:style dog"], [[2, 3, 4]]),
        ("a embedding:missing dog", ["dog"], [[2]]),
    ],
)
def test_a_textual_inversion_counts_its_vectors(phrases, with_embedding, prompt, names, expected):
    assert phrases.phrase_positions(prompt, names, with_embedding) == expected


def test_a_textual_inversion_that_is_not_in_the_prompt_is_an_error(phrases, with_embedding):
    with pytest.raises(ValueError, match='"embedding:style" is not in the prompt'):
        phrases.phrase_positions("a dog", ["embedding:style"], with_embedding)
    with pytest.raises(ValueError, match='"embedding:missing" is not in the prompt'):
        phrases.phrase_positions("a embedding:style", ["embedding:missing"], with_embedding)


def test_errors_are_for_the_user(positions):
    with pytest.raises(ValueError) as caught:
        positions("a dog and a cat", "sloth")
    assert '"sloth" is not in the prompt "a dog and a cat"; write it' in str(caught.value)
    with pytest.raises(ValueError, match="in the prompt once, but 2 subjects have that name"):
        positions("a dog and a cat", "dog", "DOG")


@pytest.mark.parametrize("case", SHARED, ids=[f"{case['prompt']!r:.24}" for case in SHARED])
def test_the_page_goes_by_the_same_rule(positions, case):
    """The layout editor's list says of a phrase what a run would."""
    lacking = [name for name, times in zip(case["names"], case["lacking"], strict=True) if times]
    if not lacking:
        assert len(positions(case["prompt"], *case["names"])) == len(case["names"])
        return
    with pytest.raises(ValueError) as caught:
        positions(case["prompt"], *case["names"])
    assert str(caught.value).startswith(f'"{lacking[0]}" is ')
