"""The settings of the authors' script `inference.py`, and what their README says of the weight."""

STEPS = 30
GUIDANCE = 7.5  # diffusers' default, which the script leaves as it is
SIDE = 1024  # pixels; the pictures are square
WEIGHT = 0.6
WEIGHT_WITH_SCENE = 0.4  # "subjects needing to effect on the whole image, such as the background"
SEED = 0
NEGATIVE = "monochrome, lowres, bad anatomy, worst quality, low quality"  # `generate`'s default
