"""Trained weights (safetensors, at most 5 MB each), each with manifest and model card; none yet."""
