"""Figures of fits and sweeps; matplotlib loads with the first figure (extra `jaxspin[plot]`)."""

from jaxspin.plot.figures import correlation_figure, fit_figure
from jaxspin.plot.style import style
from jaxspin.plot.sweeps import sweep_figure

__all__ = ["correlation_figure", "fit_figure", "style", "sweep_figure"]
