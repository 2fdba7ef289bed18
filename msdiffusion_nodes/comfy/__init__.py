"""Everything that knows ComfyUI: loading, encoders, patching."""
