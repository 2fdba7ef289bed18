"""Words in boxes beside what other packs do with the text, and one computed like the other."""

import pytest
import torch
from box_words import HALVES, SMALL, close, layer_outputs
from other_packs import add_itself, couple, halve, negpip, negpip_text
from sampling import PROMPT, empty_latent, ksampler, text


class TestBesideOthers:
    def test_what_a_pack_makes_of_the_text_is_the_main_prompt(self, tiny, placed, swapped, main):
        def first_site(model, positive=main):
            return layer_outputs(tiny, model, positive=positive)["input", 4, 0]

        theirs = halve(tiny.model)
        made, (height, width) = first_site(placed("[[0, 0, 0.5, 1]]", model=theirs))
        plain, _ = first_site(tiny.model)
        words, _ = first_site(tiny.model, swapped(main))
        (positive,) = (n for n in (0, 1) if not torch.equal(words[n], plain[n]))
        left = torch.zeros(height, width, dtype=torch.bool)
        left[:, : width // 2] = True
        left, around = left.flatten(), first_site(theirs)[0]
        assert close(made[positive, left], words[positive, left])
        assert torch.equal(made[positive, ~left], around[positive, ~left])
        assert torch.equal(made[1 - positive], around[1 - positive])

    @pytest.mark.parametrize("first", ["theirs", "ours"])
    def test_what_a_pack_adds_stays(self, first, tiny, placed, swapped, main):
        always = {"strength": 0.5, "sigma_start": 1e9, "sigma_end": 0.0}
        theirs = add_itself(tiny.model, **always)
        expected = ksampler(tiny, theirs, **SMALL, positive=swapped(main))
        model = placed(model=theirs) if first == "theirs" else add_itself(placed(), **always)
        assert close(ksampler(tiny, model, **SMALL), expected, 1e-4)

    def test_attention_couple(self, tiny, placed, swapped, main):
        context = text(tiny.clip, "a forest")[0][0]
        masks = torch.zeros(2, 8, 8)
        masks[0, :, :4] = masks[1, :, 4:] = 1
        made = ksampler(tiny, couple(placed(), [context], masks), **SMALL)
        # over the whole picture the words take the place of each region's prompt
        assert close(made, ksampler(tiny, tiny.model, **SMALL, positive=swapped(main)), 1e-4)
        half = ksampler(tiny, couple(placed("[[0, 0, 0.5, 1]]"), [context], masks), **SMALL)
        theirs = ksampler(tiny, couple(tiny.model, [context], masks), **SMALL)
        assert not close(half, theirs, 1e-2) and not close(half, made, 1e-2)

    def test_negpip(self, tiny, placed, swapped, main):
        prompts = {name: negpip_text(text(tiny.clip, name)) for name in (PROMPT, "blurry")}
        settings = {**SMALL, "positive": prompts[PROMPT], "negative": prompts["blurry"]}
        made = ksampler(tiny, placed(model=negpip(tiny.model)), **settings)
        assert close(made, ksampler(tiny, tiny.model, **SMALL, positive=swapped(main)))


def test_a_site_that_another_pack_takes_over_is_an_error(tiny, placed):
    model = placed().clone()
    model.set_model_attn2_replace(lambda q, k, v, extra_options: q, "middle", 0, 0)
    with pytest.raises(ValueError, match="another node took"):
        ksampler(tiny, model, **SMALL)


class TestSorted:
    """Hard boxes at strength 1: one attention for all texts, in place of one a box."""

    SIZE = (256, 384)
    SETTINGS = {"steps": 2, "latent_image": empty_latent(*SIZE, 2)}

    @pytest.fixture
    def calls(self, monkeypatch, pack):
        counts, put = [], pack.site_words.put_segments

        def counted(out, *rest):
            counts.append(len(out))
            put(out, *rest)

        monkeypatch.setattr(pack.site_words, "put_segments", counted)
        return counts

    @pytest.mark.parametrize("boxes", [HALVES, "[[0.1, 0.2, 0.5, 0.9], [0.6, 0, 1, 0.35]]"])
    def test_the_picture_is_the_same(self, boxes, tiny, placed, calls, monkeypatch, pack):
        model = placed(boxes, "a mug\na hat", size=self.SIZE)
        made = ksampler(tiny, model, **self.SETTINGS)
        assert calls and set(calls) == {2}, "the positive rows of both pictures, at once"
        calls.clear()
        monkeypatch.setattr(pack.word_segments, "SIZES", ())
        expected = ksampler(tiny, model, **self.SETTINGS)
        assert not calls and close(made, expected)
        assert not close(made, ksampler(tiny, tiny.model, **self.SETTINGS), 1e-2)

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"strength": 0.9}, "the main prompt stays in part"),
            ({"prompts": "mug, " * 90 + "\na hat"}, "texts of several lengths"),
            ({"boxes": "[[0, 0, 0.7, 1], [0.3, 0, 1, 1]]"}, "cells that look at two texts"),
        ],
    )
    def test_what_is_not_sorted(self, changes, why, tiny, placed, calls):
        given = {"boxes": HALVES, "prompts": "a mug\na hat", "size": self.SIZE, **changes}
        ksampler(tiny, placed(**given), **self.SETTINGS)
        assert not calls, why

    def test_nor_where_another_pack_gives_the_text(self, tiny, placed, calls):
        ksampler(tiny, placed(HALVES, "a\nb", model=halve(tiny.model)), **self.SETTINGS)
        ksampler(tiny, self.overridden(placed(HALVES, "a\nb")), **self.SETTINGS)
        assert not calls

    def test_nor_where_phrases_act_in_their_boxes_only(self, tiny, patch, auto, words, main, calls):
        kept = auto(areas=False, text_in_box=True)
        settings = {"positive": main, "latent_image": empty_latent(*self.SIZE)}

        def first_site(**more):
            model = patch(HALVES, auto_layout=kept, weight=0.0, **more)
            return layer_outputs(tiny, model, **settings)["input", 4, 0]

        (made, (height, width)), (around, _) = first_site(box_prompts=words("mug\n")), first_site()
        right = torch.arange(height * width) % width >= width // 2
        assert torch.equal(made[:, right], around[:, right])
        assert not close(made[:, ~right], around[:, ~right], 1e-2) and not calls

    @staticmethod
    def overridden(model):
        model = model.clone()
        options = model.model_options["transformer_options"]
        options["optimized_attention_override"] = lambda own, *given, **named: own(*given, **named)
        return model
