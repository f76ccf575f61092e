"""BrainLens tells tumour types apart in brain-MRI slices.

Research and teaching software. Not a medical device. Do not use for diagnosis or treatment.
"""

from importlib.metadata import version

__version__ = version("brainlens")
