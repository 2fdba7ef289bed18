"""Many pictures from a table: one a row, on one ComfyUI or many."""
