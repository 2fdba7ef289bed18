"""What is known of a run: whose prompt is positive, and what an evaluation is about.

The module needs no ComfyUI: a guider is what has `conds` and a model.
"""

from types import SimpleNamespace

import pytest
import torch

from msdiffusion_nodes.comfy.calls import Condition
from msdiffusion_nodes.comfy.runs import PROMPT, Evaluation, Run, applied_on, evaluation_of
from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.layout import Box, Layout, Region
from msdiffusion_nodes.method.applied import AppliedSubjects
from msdiffusion_nodes.method.found import TextRule
from msdiffusion_nodes.method.schedule import Times

LAYOUT = Layout((Region(Box(0, 0, 0.5, 1)),), 96, 64)
SHAPE = (2, 4, 8, 12)
SUBJECTS = AppliedSubjects([LAYOUT], [], [3])
EACH = AppliedSubjects([LAYOUT] * 2, [], [3])
TEXT = torch.ones(1, 4, 6)
RULE = TextRule([[1]], 4, 0.5, 1, prompt="a dog", embeddings=[TEXT])
FINDS = AppliedSubjects([LAYOUT], [], [3], text=RULE)
KEEPS = AppliedSubjects(
    [LAYOUT], [], [3], text=TextRule([[1]], 4, 0.5, 1, False, True, 0.0, "a", [TEXT])
)


def entry(uuid, text=None, **more):
    """A condition in one of the guider's lists; `text` is the object that copies share."""
    return {"uuid": uuid, "model_conds": {} if text is None else {"c_crossattn": text}, **more}


POSITIVE, NEGATIVE = entry("p", "a dog", cross_attn=TEXT), entry("n", "blurry")


def guider(**conds):
    sampling = SimpleNamespace(percent_to_sigma=lambda percent: 10 * (1 - percent))
    model = SimpleNamespace(get_model_object={"model_sampling": sampling}.__getitem__)
    return SimpleNamespace(conds=conds, model_patcher=model)


def run_of(*applied, shape=SHAPE, **conds):
    conds = conds or {"positive": [POSITIVE], "negative": [NEGATIVE]}
    return Run(guider(**conds), applied or [SUBJECTS], shape)


@pytest.mark.parametrize(
    "conds", [None, {}, {"positive": []}, {"positive": None}, {"negative": [NEGATIVE]}], ids=str
)
def test_a_guider_must_name_a_positive_prompt(conds):
    silent = guider()
    silent.conds = conds
    with pytest.raises(InputError, match="^model: the guider SimpleNamespace does not say"):
        Run(silent, [SUBJECTS], SHAPE)
    del silent.conds
    with pytest.raises(InputError, match="^model: the guider SimpleNamespace does not say"):
        Run(silent, [SUBJECTS], SHAPE)


@pytest.mark.parametrize("applied", [[EACH], [SUBJECTS, EACH]])
def test_layouts_must_be_one_or_one_a_picture(applied):
    assert run_of(*applied).pictures == 2
    with pytest.raises(InputError, match="^layout: there are 2 layouts for 3 pictures"):
        run_of(*applied, shape=(3, 4, 8, 12))


@pytest.mark.parametrize(
    ("applied", "needed"),
    [([SUBJECTS], False), ([EACH], True), ([FINDS], True), ([KEEPS], False), ([KEEPS, EACH], True)],
)
def test_which_pictures_come_matters_where_they_differ(applied, needed):
    assert run_of(*applied).needs_pictures is needed


def test_a_run_knows_its_size_and_has_a_state_for_each_that_is_applied():
    timed = AppliedSubjects([LAYOUT], [], [3], times=[Times(0.5, 1)])
    run = run_of(SUBJECTS, timed)
    assert (run.pictures, run.size) == (2, (8, 12))
    assert run.state_of(SUBJECTS).applied is SUBJECTS and run.state_of(timed).applied is timed
    # the noise levels are those of the guider's model
    gate = run.state_of(timed).gate
    assert gate(torch.tensor([5.0])).subjects == 1 and gate(torch.tensor([5.1])).subjects == 0


TWICE = {"positive": [POSITIVE, entry("both", "snow")], "negative": [entry("both", "rain")]}
TEXTLESS = {"positive": [entry("both", "snow")], "negative": [entry("both", "snow")]}


@pytest.mark.parametrize(
    ("conds", "asked", "positive"),
    [
        ({"positive": [NEGATIVE, POSITIVE]}, POSITIVE, True),
        ({"positive": [POSITIVE], "negative": [NEGATIVE]}, NEGATIVE, False),
        ({"positive": [POSITIVE], "middle": [NEGATIVE], "negative": None}, NEGATIVE, False),
        ({"positive": [POSITIVE], "negative": None}, entry("p", "another object"), True),
        ({"positive": [POSITIVE], "negative": [NEGATIVE]}, entry("new", "a dog"), False),
        (TWICE, entry("both", "snow"), True),
        (TWICE, entry("both", "rain"), False),
    ],
)
def test_a_condition_is_positive_by_its_uuid_and_where_two_share_it_by_its_text(
    conds, asked, positive
):
    assert run_of(**conds).is_positive(asked) is positive


@pytest.mark.parametrize(
    ("conds", "asked"),
    [(TWICE, entry("both", "fog")), (TEXTLESS, entry("both", "snow")), (TWICE, entry("both"))],
)
def test_a_condition_of_two_lists_whose_text_was_exchanged_is_refused(conds, asked):
    with pytest.raises(InputError, match="^model: another node exchanged the text"):
        run_of(**conds).is_positive(asked)


def test_a_condition_is_known_if_any_of_the_guiders_lists_has_it():
    run = run_of(positive=[POSITIVE], negative=None, middle=[NEGATIVE])
    assert run.is_known(POSITIVE) and run.is_known(entry("n"))
    assert not run.is_known(entry("new", "a dog"))


def checked(*positive):
    run_of(FINDS, positive=list(positive), negative=[NEGATIVE])


def test_each_positive_prompt_must_be_auto_layouts():
    same, other = {"uuid": 1, "cross_attn": TEXT}, {"uuid": 2, "cross_attn": -TEXT}
    checked(same, same)
    run_of(SUBJECTS, positive=[other])  # nothing is read from the text
    with pytest.raises(InputError, match="^auto_layout: the sampler's positive prompt is not"):
        checked(other)
    with pytest.raises(InputError, match=r"positive prompt 2 of 2 \(combined\) is not"):
        checked(same, other)
    with pytest.raises(InputError, match=', and this is of an Auto Layout with "a cat"'):
        checked({**other, PROMPT: "a cat"})
    with pytest.raises(InputError, match=f'of an Auto Layout with "{160 * "x"}…"'):
        checked({**other, PROMPT: 161 * "x"})
    with pytest.raises(InputError, match="positive prompt is not"):
        checked({"uuid": 3})


def test_the_areas_of_each_step_are_kept_of_the_first_prompt_alone():
    run = run_of(FINDS)
    first, second, third = (torch.full((1,), n) for n in range(3))
    run.end_step()  # a step without any
    run._show("a", third)
    run._show("b", second)
    run._show("a", first)  # evaluated twice in the step: the last counts
    run.end_step()
    run._show("b", second)
    run._show("a", first)
    assert [areas.item() for areas in run.end()] == [0, 1]


def test_a_run_lets_go_of_everything_at_its_end():
    run = run_of(FINDS)
    assert run.end() == []
    assert run._guider is None and not run._states


@pytest.mark.parametrize(
    ("positive_came", "others_came", "refused"),
    [(False, False, False), (True, False, False), (True, True, False), (False, True, True)],
)
def test_a_step_of_other_conditions_alone_is_refused(positive_came, others_came, refused):
    run = run_of()
    run.check_positive()
    run.positive_came |= positive_came
    run.others_came |= others_came
    if not refused:
        return run.check_positive()
    with pytest.raises(InputError, match="^model: another node evaluates conditions of its own"):
        run.check_positive()


def test_what_is_applied_is_in_the_transformer_options():
    assert applied_on({}) == () and applied_on({"msdiffusion_applied": (EACH,)}) == (EACH,)


WINDOW = SimpleNamespace(dim=3, index_list=[3, 4, 5, 6, 7, 8])


def evaluated(conds, pictures=2, width=12, run=None, **options):
    x_in = torch.zeros(pictures, 4, 8, width)
    return evaluation_of(run or run_of(), conds, x_in, {"transformer_options": options})


def test_an_evaluation_knows_each_condition_by_its_list_and_uuid():
    part = {**POSITIVE, "area": (4, 6, 4, 0)}
    made = evaluated([[NEGATIVE], None, [part]], patches_replace={"attn2": {"key": "patch"}})
    assert made.conditions == {
        (0, "n"): Condition("n", False, (8, 12)),
        (2, "p"): Condition("p", True, (4, 6), Box(0, 0.5, 0.5, 1)),
    }
    assert (made.pictures, made.which, made.replaced) == (2, None, {"key": "patch"})
    assert evaluated([[POSITIVE]], patches_replace={}).replaced == {}
    assert evaluated([[POSITIVE]]).replaced == {}


def test_an_evaluation_knows_which_pictures_and_which_part_of_the_picture_these_are():
    made = evaluated([[POSITIVE]], 1, ad_params={"sub_idxs": [1]}, run=run_of(EACH))
    assert (made.pictures, made.which) == (1, (1,))
    made = evaluated([[{**POSITIVE, "area": (8, 3, 0, 0)}]], width=6, context_window=WINDOW)
    assert made.conditions[0, "p"] == Condition("p", True, (8, 3), Box(0.25, 0, 0.5, 1))


@pytest.mark.parametrize(("applied", "refused"), [(SUBJECTS, False), (EACH, True), (FINDS, True)])
def test_pictures_that_nobody_names_are_refused_where_it_matters_which_these_are(applied, refused):
    run = run_of(applied)
    assert evaluated([[POSITIVE]], 2, run=run).which is None
    if not refused:
        made = evaluated([[POSITIVE]], 1, run=run)
        assert (made.pictures, made.which) == (1, None)
        return
    with pytest.raises(InputError, match="^model: another node samples 1 of 2 pictures at a time"):
        evaluated([[POSITIVE]], 1, run=run)


def test_a_call_is_about_the_conditions_that_comfyui_put_into_it():
    p, n = Condition("p", True, (8, 12)), Condition("n", False, (8, 12))
    evaluation = Evaluation(run_of(), {(0, "p"): p, (1, "n"): n, (1, "p"): n}, 2, (0, 1), {"k": 1})
    call = evaluation.call({"cond_or_uncond": [1, 0], "uuids": ["n", "p"]})
    assert (call.conditions, call.kinds) == ([n, p], (1, 0))
    assert (call.pictures, call.which, call.replaced) == (2, (0, 1), {"k": 1})
    # a copy in another list is another one
    assert evaluation.call({"cond_or_uncond": [1], "uuids": ["p"]}).conditions == [n]
    strange = [([0], ["n"]), ([0, 1], ["p"]), ([0], ["p", "n"]), ([2], ["p"])]
    for kinds, names in strange:
        with pytest.raises(InputError, match="^model: another node evaluates conditions that it"):
            evaluation.call({"cond_or_uncond": kinds, "uuids": names})
    with pytest.raises(InputError, match="did not announce"):
        evaluation.call({"cond_or_uncond": [0]})
