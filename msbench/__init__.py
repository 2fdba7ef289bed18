"""MS-Bench, the benchmark of the paper (arXiv 2406.07209), in one command."""
