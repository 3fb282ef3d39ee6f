"""Timing of small things in this process, and how figures are printed."""

import statistics
import time
from collections.abc import Callable


def cpu_us(work: Callable[[], None], count: int) -> float:
    """Return the processor microseconds of one of the ``count`` things that ``work`` does."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1e6 / count


def print_rounds(names: tuple[str, ...], rounds: list[list[float]], unit: str) -> None:
    """Print each name with its figures and their ratios to the first of the same round.

    Parameters
    ----------
    rounds
        For each round the figures in the order of the names.
    """
    for number, name in enumerate(names):
        figures = spread([one[number] for one in rounds])
        print(f"{name:20} {figures} {unit}, ratio {spread([one[number] / one[0] for one in rounds])}")


def spread(values: list[float]) -> str:
    """Return the median with the range: ``5.20 [5.01–5.90]``."""
    return f"{statistics.median(values):.2f} [{min(values):.2f}–{max(values):.2f}]"
