"""Which picture belongs to which phrase, and how pictures are cut out and squashed."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.pictures.references import cut_out, gather_references, squash
from msdiffusion_nodes.subjects import parse_phrases

HEIGHT, WIDTH = 40, 60


def picture(views=1, height=HEIGHT, width=WIDTH, channels=3, seed=0) -> torch.Tensor:
    """Noise without any black, so that black means cut away."""
    noise = torch.rand(views, height, width, channels, generator=torch.manual_seed(seed))
    return 0.1 + 0.9 * noise


def box_mask(rows: slice, columns: slice, height=HEIGHT, width=WIDTH, value=1.0) -> torch.Tensor:
    mask = torch.zeros(1, height, width)
    mask[:, rows, columns] = value
    return mask


def message_of(phrases="dog", **sockets) -> str:
    with pytest.raises(InputError) as caught:
        gather_references(phrases, sockets)
    assert type(caught.value) is InputError
    return str(caught.value)


@pytest.mark.parametrize("end", ["", "\n", "\n\n \n", "\r\n", " \t\r\n\r\n"])
@pytest.mark.parametrize("text", ["dog\nred cat", " dog \n\tred cat", "dog\r\nred cat"])
def test_one_phrase_a_line_with_any_line_ends_and_blank_lines_at_the_end(text, end):
    assert parse_phrases(text + end) == ["dog", "red cat"]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\r\n", " \t\n "])
def test_no_phrase_at_all_is_an_error(text):
    with pytest.raises(InputError, match="no phrase"):
        parse_phrases(text)
    assert message_of(text, image_1=picture()).startswith("phrases: ")


@pytest.mark.parametrize(
    "text, line", [("dog\n\ncat", 2), ("dog\r\n\r\ncat", 2), ("\ndog", 1), ("a\nb\n \t\nc\n", 3)]
)
def test_an_empty_line_between_phrases_is_an_error_with_its_number(text, line):
    with pytest.raises(InputError, match=f"line {line} is empty"):
        parse_phrases(text)


def test_phrases_take_the_pictures_in_the_order_of_their_numbers():
    third, first = picture(seed=3), picture(seed=1)
    references = gather_references(
        "dog\ncat", {"image_3": third, "image_1": first, "image_2": None, "mask_1": None}
    )
    assert [reference.phrase for reference in references] == ["dog", "cat"]
    assert torch.equal(references[0].pictures[0], first)
    assert torch.equal(references[1].pictures[0], third)


def test_a_batch_of_pictures_is_several_views_of_one_subject():
    views = picture(views=3)
    (reference,) = gather_references("dog", {"image_1": views})
    assert torch.equal(torch.cat(reference.pictures), views)


@pytest.mark.parametrize("phrases, count", [("dog", 2), ("dog\ncat\nhat", 2), ("dog\ncat", 1)])
def test_more_or_fewer_phrases_than_pictures_says_both_numbers(phrases, count):
    message = message_of(phrases, **{f"image_{n + 1}": picture() for n in range(count)})
    assert message.startswith("phrases: ")
    assert f"{len(phrases.split())} came ({phrases.replace(chr(10), ', ')})" in message
    assert f"{count} picture" in message


def test_a_mask_without_its_picture_is_an_error():
    message = message_of("dog", image_1=picture(), mask_2=torch.ones(1, HEIGHT, WIDTH))
    assert message.startswith("mask_2: ") and "image_2" in message


def rgba(alpha: torch.Tensor) -> torch.Tensor:
    return torch.cat([picture(views=len(alpha)), alpha[..., None]], dim=-1)


def test_the_alpha_of_a_picture_is_its_mask():
    alpha = box_mask(slice(2, 9), slice(3, 30), value=0.75)
    alpha[:, 4, 3:30] = 1
    (reference,) = gather_references("dog", {"image_1": rgba(alpha)})
    assert torch.equal(reference.pictures[0], cut_out(picture(), alpha)[0])
    assert reference.pictures[0].shape == (1, 7, 27, 3)


@pytest.mark.parametrize("scale", [1, 2])
def test_mask_and_alpha_both_count(scale):
    alpha = box_mask(slice(0, 20), slice(0, 60), value=0.5)
    mask = box_mask(slice(10, 40), slice(20, 60)).repeat_interleave(scale, 1)
    mask = mask.repeat_interleave(scale, 2)
    (reference,) = gather_references("dog", {"image_1": rgba(alpha), "mask_1": mask})
    edge = scale - 1  # another size blurs the edge
    cut = reference.pictures[0][:, edge:, edge:]
    torch.testing.assert_close(cut, picture()[:, 10 + edge : 20, 20 + edge :] * 0.5)


@pytest.mark.parametrize("masked", [False, True])
def test_an_alpha_of_1_everywhere_is_no_mask(masked):
    mask = {"mask_1": box_mask(slice(2, 9), slice(3, 30))} if masked else {}
    opaque = rgba(torch.ones(1, HEIGHT, WIDTH))
    (with_alpha,) = gather_references("dog", {"image_1": opaque} | mask)
    (without,) = gather_references("dog", {"image_1": picture()} | mask)
    assert torch.equal(with_alpha.pictures[0], without.pictures[0])


def test_every_view_has_its_own_alpha():
    alpha = torch.cat([torch.ones(1, HEIGHT, WIDTH), box_mask(slice(2, 9), slice(3, 30))])
    images = rgba(alpha)
    (reference,) = gather_references("dog", {"image_1": images})
    assert torch.equal(reference.pictures[0], images[:1, ..., :3])
    assert torch.equal(reference.pictures[1], images[1:, 2:9, 3:30, :3])


def test_a_picture_that_is_all_transparent_is_an_error():
    message = message_of(image_1=rgba(torch.full((1, HEIGHT, WIDTH), 1 / 255)))
    assert message.startswith("image_1: its alpha is 0 everywhere") and "invert" in message


def test_a_mask_on_what_is_transparent_is_an_error():
    alpha, mask = box_mask(slice(0, 9), slice(0, 9)), box_mask(slice(9, 20), slice(9, 20))
    message = message_of(image_1=rgba(alpha), mask_1=mask)
    assert message.startswith("mask_1: ") and "transparent" in message


@pytest.mark.parametrize(
    "socket, bad, part",
    [
        ("image_2", picture()[0], "[40, 60, 3]"),
        ("image_2", picture()[None], "[1, 1, 40, 60, 3]"),
        ("image_2", picture(channels=1), "1 channels"),
        ("image_2", picture(channels=2), "2 channels"),
        ("image_2", picture(views=0), "[0, 40, 60, 3]"),
        ("image_2", picture(height=0), "[1, 0, 60, 3]"),
        ("image_2", torch.full((1, 8, 8, 3), torch.nan), "NaN"),
        ("image_2", torch.full((1, 8, 8, 3), torch.inf), "not finite"),
        ("mask_2", torch.ones(1, 1, HEIGHT, WIDTH), "[1, 1, 40, 60]"),
        ("mask_2", torch.ones(WIDTH), "[60]"),
        ("mask_2", torch.ones(0, HEIGHT, WIDTH), "[0, 40, 60]"),
        ("mask_2", torch.full((1, HEIGHT, WIDTH), torch.nan), "NaN"),
    ],
)
def test_a_tensor_that_is_no_picture_or_mask_is_named_and_shown(socket, bad, part):
    message = message_of("dog\ncat", **{"image_1": picture(), "image_2": picture(), socket: bad})
    assert message.startswith(f"{socket}: ") and part in message


@pytest.mark.parametrize(
    "rows, columns",
    [(slice(3, 8), slice(5, 7)), (slice(39, 40), slice(59, 60)), (slice(0, 40), slice(0, 1))],
)
def test_a_cut_out_is_cropped_to_the_bounds_of_its_mask_exactly(rows, columns):
    images = picture()
    (cut,) = cut_out(images, box_mask(rows, columns))
    assert torch.equal(cut, images[:, rows, columns])
    assert torch.equal(cut, cut_out(images, box_mask(rows, columns)[0])[0])  # without batch axis


def test_what_is_outside_the_mask_is_black_also_inside_its_bounds():
    images, mask = picture(), box_mask(slice(5, 15), slice(10, 30))
    mask[:, 8:12, 20:25] = 0
    kept = images.clone()
    (cut,) = cut_out(images, mask)
    assert (cut[:, 3:7, 10:15] == 0).all()
    assert ((cut != 0).all(dim=-1) == (mask[:, 5:15, 10:30] == 1)).all()
    assert torch.equal(images, kept)


def test_soft_masks_multiply():
    images, mask = picture(), box_mask(slice(5, 15), slice(10, 30), value=0.25)
    mask[:, 5, 10] = 17 / 255
    mask[:, 14, 29] = 1
    (cut,) = cut_out(images, mask.where(mask < 1, 9.0))  # more than white is white
    torch.testing.assert_close(cut, (images * mask[..., None])[:, 5:15, 10:30])


@pytest.mark.parametrize("scale", [0.5, 2, 3])
def test_a_mask_of_the_same_shape_at_another_size_is_scaled(scale):
    images = picture()
    rows, columns = (slice(int(a * scale), int(b * scale)) for a, b in ((10, 30), (20, 50)))
    (cut,) = cut_out(images, box_mask(rows, columns, int(HEIGHT * scale), int(WIDTH * scale)))
    # the edge is soft by at most a pixel of the coarser of both
    top, left = (cut.shape[1] - 20) // 2, (cut.shape[2] - 30) // 2
    assert 0 <= top <= 2 and 0 <= left <= 2
    inside = cut[:, top + 1 : top + 19, left + 1 : left + 29]
    torch.testing.assert_close(inside, images[:, 11:29, 21:49])


def test_a_hair_in_a_larger_mask_is_not_lost():
    (cut,) = cut_out(picture(), box_mask(slice(8, 9), slice(0, 480), 320, 480))
    assert (cut > 0).all() and cut.shape[2] == WIDTH


def test_a_mask_whose_size_was_rounded_has_the_same_shape():
    (cut,) = cut_out(picture(height=744, width=1000), torch.ones(1, 381, 512))
    assert cut.shape == (1, 744, 1000, 3)


@pytest.mark.parametrize("height, width", [(60, 40), (64, 64), (40, 40), (80, 60)])
def test_a_mask_of_another_shape_is_an_error_with_both_sizes(height, width):
    mask = box_mask(slice(0, 5), slice(0, 5), height, width)
    message = message_of("dog", image_1=picture(), mask_1=mask)
    assert message.startswith("mask_1: ")
    assert f"{width}×{height}" in message and "60×40" in message


@pytest.mark.parametrize("size", [(64, 64), (HEIGHT, WIDTH)])
@pytest.mark.parametrize("value", [0.0, 1 / 255, -1.0])
def test_an_empty_mask_explains_what_load_image_gives(size, value):
    message = message_of("dog", image_1=picture(), mask_1=torch.full((1, *size), value))
    assert message.startswith("mask_1: ")
    assert all(part in message for part in ("empty", "LoadImage", "64×64", "invert_masks"))


def test_several_views_with_one_mask_or_one_each():
    views = picture(views=2)
    first = box_mask(slice(0, 10), slice(0, 20))
    second = box_mask(slice(20, 25), slice(30, 60))
    shared = cut_out(views, first)
    assert torch.equal(torch.cat(shared), views[:, :10, :20])
    own = cut_out(views, torch.cat([first, second]))
    assert torch.equal(own[0], views[:1, :10, :20])
    assert torch.equal(own[1], views[1:, 20:25, 30:60])


def test_one_empty_mask_among_several_is_an_error():
    masks = torch.cat([torch.ones(1, HEIGHT, WIDTH), torch.zeros(1, HEIGHT, WIDTH)])
    assert "empty" in message_of("dog", image_1=picture(views=2), mask_1=masks)


@pytest.mark.parametrize("views, masks", [(1, 2), (2, 3), (3, 2)])
def test_another_number_of_masks_than_views_says_both_numbers(views, masks):
    message = message_of(
        "dog", image_1=picture(views=views), mask_1=torch.ones(masks, HEIGHT, WIDTH)
    )
    assert message.startswith("mask_1: ")
    assert f"{masks} masks for {views} picture" in message


def grey_levels(height, width, low=0, high=256) -> torch.Tensor:
    """Noise of whole grey levels: (1, height, width, 3) in 0..1."""
    rng = np.random.default_rng(height + width)
    return torch.from_numpy(rng.integers(low, high, (1, height, width, 3))).float() / 255


SIZES = [(700, 1200), (48, 64), (512, 512), (2000, 30), (1, 1)]


@pytest.mark.parametrize("height, width", SIZES)
def test_squash_is_pillows_bicubic_resize_to_512_and_then_to_the_encoders_size(height, width):
    picture = grey_levels(height, width)
    image = Image.fromarray((picture[0].numpy() * 255).round().astype(np.uint8))
    for side in (512, 224):
        image = image.resize((side, side), Image.Resampling.BICUBIC)
    squashed = squash(picture, 224)
    assert squashed.shape == (1, 224, 224, 3) and squashed.dtype == picture.dtype
    assert np.abs(squashed[0].numpy() * 255 - np.asarray(image, float)).max() <= 2


@pytest.mark.parametrize("height, width", SIZES)
def test_squash_is_torchs_bicubic_resize_with_antialias(height, width):
    # far from black and white: there Pillow also clips between its two passes
    picture = grey_levels(height, width, 90, 150)
    expected = picture.movedim(-1, 1)
    for side in (512, 224):
        expected = F.interpolate(expected, (side, side), mode="bicubic", antialias=True)
    difference = squash(picture, 224) - expected.movedim(1, -1)
    assert difference.abs().max() <= 2 / 255


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_squash_takes_a_cut_out_of_any_float_type(dtype):
    (cut,) = cut_out(picture().to(dtype), box_mask(slice(3, 30), slice(5, 50)))
    squashed = squash(cut, 32)
    assert squashed.dtype == dtype and squashed.shape == (1, 32, 32, 3)
    torch.testing.assert_close(squashed.float(), squash(cut.float(), 32), atol=3 / 255, rtol=0)


def test_squash_stays_in_range_where_bicubic_overshoots():
    stripes = torch.zeros(1, 40, 40, 3)
    stripes[:, :, ::8] = 1
    squashed = squash(stripes * 3 - 1, 512)
    assert squashed.min() == 0 and squashed.max() == 1


def test_inverted_masks_are_black_on_the_subject():
    mask, image = box_mask(slice(2, 9), slice(3, 30), value=0.7), picture()
    (right,) = gather_references("dog", {"image_1": image, "mask_1": mask})
    (inverted,) = gather_references("dog", {"image_1": image, "mask_1": 1 - mask}, True)
    assert torch.allclose(inverted.pictures[0], right.pictures[0], atol=1e-6)
    assert inverted.pictures[0].shape == (1, 7, 27, 3)


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.float16])
def test_masks_of_any_numbers_are_inverted(dtype):
    mask = box_mask(slice(2, 9), slice(3, 30)).to(dtype)
    (each,) = gather_references("dog", {"image_1": picture(), "mask_1": mask}, True)
    assert not each.pictures[0][0, 2:9, 3:30].any()
    assert each.pictures[0].shape == (1, HEIGHT, WIDTH, 3)


def test_inverting_leaves_alpha_alone():
    image = rgba(box_mask(slice(2, 9), slice(3, 30)))
    (plain,) = gather_references("dog", {"image_1": image})
    (inverted,) = gather_references("dog", {"image_1": image}, True)
    assert torch.equal(inverted.pictures[0], plain.pictures[0])


def test_load_images_mask_of_a_picture_without_transparency_inverted_keeps_everything():
    (each,) = gather_references(
        "dog", {"image_1": picture(), "mask_1": torch.zeros(1, 64, 64)}, True
    )
    assert torch.equal(each.pictures[0], picture())


def test_a_mask_that_keeps_the_frame_and_drops_the_middle_is_doubted():
    subject = box_mask(slice(8, 36), slice(15, 45))
    sockets = {"image_1": picture(), "mask_1": subject, "image_2": picture(), "mask_2": 1 - subject}
    for invert, expected in ((False, ["", "mask_2"]), (True, ["mask_1", ""])):
        doubted = [each.doubted for each in gather_references("dog\ncat", sockets, invert)]
        assert doubted == expected
