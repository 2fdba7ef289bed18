"""MS-Bench, the benchmark of the paper (arXiv 2406.07209, section 4.1), in one command."""
