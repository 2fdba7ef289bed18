"""Everything that knows ComfyUI: its models and encoders, its calls, its runs."""
