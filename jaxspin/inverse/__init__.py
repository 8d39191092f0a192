"""From measured observables to material parameters with honest errors, for any `ForwardModel`."""

from jaxspin.inverse.data import Dataset, Measurement
from jaxspin.inverse.fit import fit
from jaxspin.inverse.identify import NullDirection, null_directions
from jaxspin.inverse.methods import LBFGS, Adam, LevenbergMarquardt, Optax
from jaxspin.inverse.result import Comparison, FitError, FitResult, Parameter, Starts
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
    "Band",
    "Comparison",
    "Coverage",
    "Dataset",
    "FitError",
    "FitResult",
    "Gaussian",
    "Interval",
    "LevenbergMarquardt",
    "Measurement",
    "NullDirection",
    "Optax",
    "Parameter",
    "Profile",
    "Starts",
    "Uniform",
    "coverage",
    "fit",
    "intervals",
    "load",
    "null_directions",
    "predict",
    "profile",
    "propagate",
]
