"""Contrast as WCAG 2.2 defines it, of what is seen on the screen."""

import io

from PIL import Image


def screen(page):
    """What the page shows, as a picture of red, green and blue."""
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def contrast(one, other):
    """The contrast of two colours, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def behind(patch):
    """The colour that most of a patch has."""
    return max(patch.getcolors(patch.width * patch.height))[1]


def greatest(patch, colour):
    """The greatest contrast that any pixel of a patch has to a colour."""
    return max(contrast(one, colour) for _, one in patch.getcolors(patch.width * patch.height))


def _luminance(colour):
    shares = [value / 255 for value in colour]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
