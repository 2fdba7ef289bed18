"""Where a phrase stands in the tokens of a prompt, with a tokenizer of whole words."""

import re

import pytest
import torch

from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.method.phrases import phrase_positions, prompt_length

START, END, CHUNK = 49406, 49407, 77
TEXT = CHUNK - 2  # words in a chunk: it also holds the start and an end
IDS: dict[str, int] = {}
PIECES = {"superman": ["super…", "man"], "snowmen": ["snow…", "men"]}


def embedding(name: str) -> list[torch.Tensor]:
    """Two vectors of a textual inversion, loaded anew by each call."""
    return list(torch.full((2, 4), float(len(name))))


def tokenize(text: str) -> list[list[tuple]]:
    """Words to ids, in chunks as ComfyUI makes them; `<name>` is a textual inversion."""
    tokens = []
    for word in re.findall(r"<\w+>|\w+|[^\w\s]", text.lower()):
        if word.startswith("<"):
            tokens += embedding(word)
        else:
            tokens += [IDS.setdefault(piece, len(IDS)) for piece in PIECES.get(word, [word])]
    chunks = []
    for first in range(0, max(len(tokens), 1), TEXT):
        chunk = [START, *tokens[first : first + TEXT]]
        chunk += [END] * (CHUNK - len(chunk))
        chunks.append([(token, 1.0, 0) for token in chunk])
    return chunks


def positions(prompt: str, *phrases: str) -> list[list[int]]:
    return phrase_positions(prompt, phrases, tokenize)


def message_of(prompt: str, *phrases: str) -> str:
    with pytest.raises(InputError) as caught:
        positions(prompt, *phrases)
    assert type(caught.value) is InputError
    return str(caught.value)


def filler(count: int) -> str:
    return " ".join(["very"] * count)


@pytest.mark.parametrize(
    ("prompt", "phrases", "expected"),
    [
        ("a dog and a cat", ["dog", "cat"], [[2], [5]]),
        ("a dog and a cat", ["cat", "dog"], [[5], [2]]),
        ("a stuffed animal here", ["stuffed animal"], [[2, 3]]),
        ("A Dog", ["dOG"], [[2]]),
        ("dog", ["dog"], [[1]]),
        ("a dog on the beach", ["a dog on the beach"], [[1, 2, 3, 4, 5]]),
        ("red dog, red cat", ["red cat"], [[4, 5]]),
        ("a a dog", ["a dog"], [[2, 3]]),
    ],
)
def test_a_phrase_is_found(prompt, phrases, expected):
    assert positions(prompt, *phrases) == expected


def test_no_phrases_have_no_positions():
    assert positions("a dog") == []


@pytest.mark.parametrize(
    ("prompt", "phrases", "expected"),
    [
        ("a dog, a dog and a dog", ["dog", "dog"], [[2], [5]]),
        ("a dog, a dog and a cat", ["dog", "cat", "Dog"], [[2], [8], [5]]),
        ("dog dog dog dog", ["dog dog", "dog dog"], [[1, 2], [3, 4]]),
        ("dogs and dogs", ["dog", "dog"], [[1], [3]]),
        ("dogs and dogs", ["dog", "dogs"], [[1], [3]]),
    ],
)
def test_a_repeated_phrase_means_its_next_occurrence(prompt, phrases, expected):
    assert positions(prompt, *phrases) == expected


@pytest.mark.parametrize(
    ("prompt", "phrases", "expected"),
    [
        ("a dog in a dog house", ["dog", "dog house"], [[2], [5, 6]]),
        ("a dog house and a dog", ["dog", "dog house"], [[6], [2, 3]]),
        ("a dog house and a dog", ["dog house", "dog"], [[2, 3], [6]]),
        ("a house dog and a dog", ["dog", "house dog"], [[6], [2, 3]]),
        ("a dog, a cat and a dog", ["dog", "cat"], [[2], [5]]),
        ("a dog house", ["dog", "dog house"], [[2], [2, 3]]),
        ("a dog house and a dog", ["dog house", "dog", "dog"], [[2, 3], [2], [6]]),
    ],
)
def test_a_part_of_a_longer_phrase_is_taken_last(prompt, phrases, expected):
    assert positions(prompt, *phrases) == expected


@pytest.mark.parametrize(
    "pair",
    [
        "dog dogs",
        "box boxes",
        "puppy puppies",
        "leaf leaves",
        "wolf wolves",
        "knife knives",
        "shelf shelves",
        "scarf scarves",
        "man men",
        "woman women",
        "fireman firemen",
        "child children",
        "person people",
        "mouse mice",
        "foot feet",
        "goose geese",
        "tooth teeth",
        "glass glasses",
        "Dog DOGS",
    ],
)
def test_plural_and_singular_stand_for_each_other(pair):
    one, many = pair.split()
    assert positions(f"two red {many} here", f"red {one}") == [[2, 3]]
    assert positions(f"a red {one} here", f"red {many}") == [[2, 3]]


def test_the_exact_word_comes_before_its_plural():
    assert positions("dogs and a dog", "dog", "dogs") == [[4], [1]]


@pytest.mark.parametrize(
    ("prompt", "phrase"),
    [
        ("a princess", "princes"),
        ("the princes", "princess"),
        ("dogs house", "dog house"),
        ("a", "s"),
        ("a dog", "doge"),
        ("two firemen", "fire"),
        ("a fireman", "fire"),
    ],
)
def test_other_words_do_not_stand_for_a_phrase(prompt, phrase):
    assert "is not in the prompt" in message_of(prompt, phrase)


def test_the_end_of_a_word_is_not_the_word():
    assert positions("superman and a man", "man", "superman") == [[5], [1, 2]]
    assert "is not in the prompt" in message_of("superman", "man")
    assert positions("two snowmen", "snowmen") == [[2, 3]]
    assert "is not in the prompt" in message_of("snowmen", "man")


def test_the_length_is_that_of_whole_chunks():
    assert prompt_length("", tokenize) == CHUNK
    assert prompt_length("a dog", tokenize) == CHUNK
    assert prompt_length(filler(TEXT), tokenize) == CHUNK
    assert prompt_length(filler(TEXT + 1), tokenize) == 2 * CHUNK
    assert prompt_length(filler(3 * TEXT), tokenize) == 3 * CHUNK


def test_a_phrase_over_the_end_of_a_chunk_skips_end_and_start():
    prompt = filler(TEXT - 1) + " grey sloth plushie"
    assert positions(prompt, "grey sloth plushie") == [[75, CHUNK + 1, CHUNK + 2]]


def test_padding_between_chunks_is_skipped():
    """ComfyUI moves a short weighted part to the next chunk as a whole, and pads."""

    def padded(text):
        if text != prompt:
            return tokenize(text)
        return tokenize("very very big") + tokenize("dog house")

    prompt = "very very big dog house"
    assert phrase_positions(prompt, ["big dog"], padded) == [[3, CHUNK + 1]]
    assert phrase_positions(prompt, ["dog house"], padded) == [[CHUNK + 1, CHUNK + 2]]


def test_every_chunk_of_a_long_prompt_is_searched():
    prompt = f"a dog {filler(80)} a dog {filler(70)} a cat dog {filler(10)}"
    assert prompt_length(prompt, tokenize) == 3 * CHUNK
    words = prompt.split()

    def place(index):
        return index // TEXT * CHUNK + index % TEXT + 1

    dogs = [[place(index)] for index, word in enumerate(words) if word == "dog"]
    assert [dog[0] // CHUNK for dog in dogs] == [0, 1, 2]
    assert positions(prompt, "dog", "cat", "dog", "dog") == [
        dogs[0],
        [place(words.index("cat"))],
        *dogs[1:],
    ]


def test_an_embedding_shifts_and_is_found():
    prompt = "a <style> dog, a <another> <style> cat"
    assert positions(prompt, "dog", "cat") == [[4], [11]]
    assert positions(prompt, "<style>", "<style>") == [[2, 3], [9, 10]]
    assert positions(prompt, "<style> cat") == [[9, 10, 11]]
    assert '"<absent_one>" is not in the prompt' in message_of(prompt, "<absent_one>")


def test_an_embedding_may_be_a_dict():
    def dicts(text):
        """The same tokens, with a textual inversion as newer ComfyUI may give it."""
        return [
            [
                ({"type": "embedding", "data": token} if torch.is_tensor(token) else token, weight)
                for token, weight, _ in chunk
            ]
            for chunk in tokenize(text)
        ]

    phrases = ["<style>", "dog", "<a>"]
    assert phrase_positions("<a> <style> dog", phrases, dicts) == [[3, 4], [5], [1, 2]]
    with pytest.raises(InputError, match="<absent_one>"):
        phrase_positions("<a> <style> dog", ["<absent_one>"], dicts)


def test_a_dict_may_be_a_part_of_a_word_and_is_known_by_all_that_it_holds():
    def pieces(text):
        held = {"tokens": 1} if "super" in text else {"tokens": 1, "more": 2}
        return [[(token, 1.0) for token in (START, held, 7, END)]]

    assert phrase_positions("superman", ["superman"], pieces) == [[1, 2]]
    for prompt, phrase in (("superman", "another"), ("another", "superman")):
        with pytest.raises(InputError, match="is not in the prompt"):
            phrase_positions(prompt, [phrase], pieces)


def test_embeddings_of_other_types_and_widths_differ():
    tokens = {
        "prompt": [START, torch.zeros(4).half(), torch.zeros(3), torch.zeros(4), END],
        "phrase": [START, torch.zeros(4), END],
    }

    def given(text):
        return [[(token, 1.0) for token in tokens.get(text, [START, END])]]

    assert phrase_positions("prompt", ["phrase"], given) == [[3]]


@pytest.mark.parametrize("phrase", ["sloth", "dog cat", "", "cat dog and"])
def test_a_missing_phrase_is_named_with_the_prompts_words(phrase):
    message = message_of("a dog\nand  a cat dog", "dog", phrase)
    assert f'"{phrase}" is not in the prompt "a dog and a cat dog"' in message
    assert "write it into the prompt, or change" in message


def test_a_missing_phrase_shows_a_long_prompt_shortened():
    message = message_of("start " + filler(300), "sloth")
    assert '"start very' in message
    assert "…" in message
    assert len(message) < 400


def test_no_prompt_is_an_error():
    assert '"dog" is not in the prompt ""' in message_of("", "dog")


def test_too_few_occurrences_are_counted():
    message = message_of("a dog and a cat", "dog", "cat", "Dog")
    assert '"dog" is in the prompt once, but 2 subjects have that name' in message
    assert "write it 2 times" in message
    message = message_of("a dog, a dog", "dog", "dog", "dog")
    assert '"dog" is in the prompt 2 times, but 3 subjects have that name' in message
