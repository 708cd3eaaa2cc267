"""The simulator's kernels for a graphics processor, in PyTorch: the same results, to a tolerance.

Nothing here is imported until somebody asks for a device. Each function takes and gives NumPy
arrays, and runs on the CPU as well, which is how it is tested where no graphics processor is.
"""
