"""Speed and memory, measured: `python -m benchmarks` in the checkout. No part of the pack."""
