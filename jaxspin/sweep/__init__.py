"""Sweeps: a model, a fit or any pure function at every point of a design, on many devices, surviving any death.

`run` computes, `open_store` reads; designs are `product`, `zipped`, `sobol` and `latin_hypercube`.
"""

from jaxspin.sweep.execute import run
from jaxspin.sweep.grid import Grid, latin_hypercube, product, sobol, zipped
from jaxspin.sweep.hosts import Hosts
from jaxspin.sweep.jobs import Here
from jaxspin.sweep.lock import BusyError
from jaxspin.sweep.observing import inputs, observe
from jaxspin.sweep.places import ClusterError, Processes, Scheduler, WorkerError
from jaxspin.sweep.store import StoreError, open_store

__all__ = [
    "BusyError",
    "ClusterError",
    "Grid",
    "Here",
    "Hosts",
    "Processes",
    "Scheduler",
    "StoreError",
    "WorkerError",
    "inputs",
    "latin_hypercube",
    "observe",
    "open_store",
    "product",
    "run",
    "sobol",
    "zipped",
]
