"""What the nodes' inputs have in common."""

CATEGORY = "MS-Diffusion"
PERCENT = {"min": 0.0, "max": 1.0, "step": 0.001}  # a share of the schedule
WEIGHT = {"min": 0.0, "max": 3.0, "step": 0.01}
