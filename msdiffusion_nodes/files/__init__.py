"""Tensors from files that may be anything: adapters and saved subjects."""
