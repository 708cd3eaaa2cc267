"""Volumes: located, processed traces in, a ground-fixed volume of voxels out.

Traces are added in their order as they come, in flight and afterwards, so that both give the same
bits. `imaging` holds the kernels and `io.volume` the files; here they meet the Blocks.
"""
