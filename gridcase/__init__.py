"""gridcase: case handling for grid-based city management."""

__version__ = "0.1.0"
