"""One look for all figures, applied while a figure is made and never globally; colours that everyone can tell apart."""

import contextlib
from collections.abc import Iterator
from typing import Any

DATA, FIT, LIMIT = "#222222", "#0072b2", "#d55e00"
"""Black, blue and vermilion of Okabe and Ito's palette: measured, fitted, one-sided limits."""

_RC = {
    "figure.constrained_layout.use": True,
    "figure.dpi": 160,
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.formatter.limits": (-3, 4),
    "axes.formatter.use_mathtext": True,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "legend.title_fontsize": 8,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}


def matplotlib() -> Any:
    """The matplotlib package; `ImportError` with the remedy where it is missing."""
    try:
        import cmcrameri  # noqa: F401
        import matplotlib
        import matplotlib.figure
    except ImportError:
        raise ImportError("figures need matplotlib and cmcrameri: pip install 'jaxspin[plot]'") from None
    return matplotlib


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Figures made inside the block have jaxspin's look."""
    with matplotlib().rc_context(_RC):
        yield


def colour_map(name: str) -> Any:
    """One of Crameri's perceptually uniform, colour-blind safe maps: batlow for sequences, vik about zero."""
    matplotlib()
    from cmcrameri import cm

    return cm.cmaps[name]


def shades(count: int) -> list[Any]:
    """`count` colours in perceptual order, dark to light, the pale end of batlow left out."""
    return [colour_map("batlow")(0.85 * index / max(count - 1, 1)) for index in range(count)]
