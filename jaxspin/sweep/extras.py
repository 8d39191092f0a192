"""Packages that only sweeps need; where one is missing, the call that needs it says how to install it."""

import importlib
from typing import Any


def _need(module: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        missing = module.partition(".")[0]
        raise ImportError(f"this needs {missing}, which is not installed: pip install 'jaxspin[{extra}]'") from None


def xarray() -> Any:
    """The package xarray (extra `sweep`)."""
    return _need("xarray", "sweep")


def zarr() -> Any:
    """The package zarr (extra `sweep`)."""
    return _need("zarr", "sweep")


def filelock() -> Any:
    """The package filelock (extra `sweep`)."""
    return _need("filelock", "sweep")


def distributed() -> Any:
    """The package distributed (extra `cluster`)."""
    return _need("distributed", "cluster")
