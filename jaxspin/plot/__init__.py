"""Figures of fits; matplotlib loads with the first figure (extra `jaxspin[plot]`)."""

from jaxspin.plot.figures import correlation_figure, fit_figure
from jaxspin.plot.style import style

__all__ = ["correlation_figure", "fit_figure", "style"]
