"""MS-Diffusion (Wang et al., ICLR 2025, arXiv 2406.07209); only `comfy/` knows ComfyUI."""
