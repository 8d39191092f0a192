"""From measured observables to material parameters with honest errors, for any `ForwardModel`."""

from jaxspin.inverse.data import Dataset, Measurement
from jaxspin.inverse.design import design
from jaxspin.inverse.design_problem import Average, Limit, WorstCase
from jaxspin.inverse.design_result import Attempts, DesignError, DesignResult, Side
from jaxspin.inverse.ensembles import bootstrap, profile_map, sample_fits
from jaxspin.inverse.fit import fit
from jaxspin.inverse.identify import NullDirection, null_directions
from jaxspin.inverse.methods import LBFGS, Adam, LevenbergMarquardt, Optax
from jaxspin.inverse.result import Comparison, FitError, FitResult, Parameter, Starts
from jaxspin.inverse.robust import draw
from jaxspin.inverse.sequential_quadratic import SequentialQuadratic
from jaxspin.inverse.storage import load
from jaxspin.inverse.transforms import Gaussian, Uniform
from jaxspin.inverse.uncertainty import (
    Band,
    Coverage,
    Interval,
    Profile,
    coverage,
    intervals,
    predict,
    profile,
    propagate,
)

__all__ = [
    "LBFGS",
    "Adam",
    "Attempts",
    "Average",
    "Band",
    "Comparison",
    "Coverage",
    "Dataset",
    "DesignError",
    "DesignResult",
    "FitError",
    "FitResult",
    "Gaussian",
    "Interval",
    "LevenbergMarquardt",
    "Limit",
    "Measurement",
    "NullDirection",
    "Optax",
    "Parameter",
    "Profile",
    "SequentialQuadratic",
    "Side",
    "Starts",
    "Uniform",
    "WorstCase",
    "bootstrap",
    "coverage",
    "design",
    "draw",
    "fit",
    "intervals",
    "load",
    "null_directions",
    "predict",
    "profile",
    "profile_map",
    "propagate",
    "sample_fits",
]
