"""Which rows are the positive prompt's, told without the rule that is under test: by their text.

Each text cross-attention gets the text of each row before it is projected. Rows that read one of
the positive prompts are the positive prompt's, whatever their number and their name.
"""

import json

import torch
from other_packs import attn2_patches
from sampling import BOXES, PROMPT, empty_latent, text
from straightforward import straightforward
from tiny_models.adapter import tiny_adapter

WHOLE = "[[0, 0, 1, 1], [0, 0, 1, 1]]"  # the same in each part of the picture
ONE_STEP = {"steps": 1, "latent_image": empty_latent(128, 128)}


class ByText:
    """Straightforward patches that act where the text is one of these, and nowhere else."""

    def __init__(self, *conditionings):
        self.texts = [entry[0] for conditioning in conditionings for entry in conditioning]
        self.rows = []

    def is_positive(self, row):
        return any(torch.equal(row, text[0].to(row)) for text in self.texts)

    def on(self, model, join=lambda model: model):
        """The model with its straightforward patches told, in a company that joins it after."""
        return self.see(join(self.tell(model)))

    def tell(self, model):
        """A clone whose straightforward patches learn each row's kind from here."""
        clone = model.clone()
        for key, patch in attn2_patches(model).items():
            clone.set_model_attn2_replace(self._told(patch), *key)
        return clone

    def see(self, model):
        """A clone in which each site's text is seen, after what other packs make of it."""

        def look(q, k, v, extra_options):
            self.rows = [0 if self.is_positive(row) else 1 for row in k]
            return q, k, v

        clone = model.clone()
        clone.set_model_attn2_patch(look)
        return clone

    def _told(self, patch):
        def told(q, k, v, extra_options):
            return patch(q, k, v, {**extra_options, "cond_or_uncond": self.rows})

        return told


class Rows:
    """Compares ours with `ByText` in any company."""

    def __init__(self, tiny, patch, subjects):
        self.tiny, self.patch, self.subjects = tiny, patch, subjects
        prompts = (PROMPT, "snow", "blurry", "")
        self.texts = {prompt: text(tiny.clip, prompt) for prompt in prompts}
        self.positive = self.texts[PROMPT] + self.texts["snow"]

    def slow(self, boxes=BOXES, join=lambda model: model, positive=None):
        """The model with straightforward patches that go by the text, in a company."""
        made = straightforward(
            self.tiny.model, tiny_adapter(), self.subjects, json.loads(boxes), 0.6
        )
        by_text = ByText(self.positive if positive is None else positive)
        return by_text.on(made, join)

    def check(self, sample, join=lambda model: model, boxes=BOXES, near=1e-4, positive=None):
        """Ours is as the straightforward patches are, and that is not as the plain model is.

        Args:
            sample: makes a latent of a model.
            join: what others do to a model.
            boxes: of the two subjects.
            near: largest difference, as a share of the largest value.
            positive: the prompts that are positive, if others than PROMPT and "snow".
        """
        models = self.slow(boxes, join, positive), self.patch(boxes=boxes), self.tiny.model
        expected, ours, plain = sample(models[0]), sample(join(models[1])), sample(join(models[2]))
        assert close(ours, expected, near)
        assert not close(plain, expected, 10 * near), "the test must be able to fail"
        return ours


def close(made, expected, near=1e-4):
    return bool((made - expected).abs().max() <= near * expected.abs().max())
