"""`jaxspin doctor`: versions, devices, precision, and small calculations that faulty compilers get wrong."""

import importlib.metadata
import platform

from jaxspin import __version__
from jaxspin.cli.opening import double_precision

_PACKAGES = ("jax", "jaxlib", "equinox", "diffrax", "optimistix", "lineax", "optax", "numpy")


def doctor() -> int:
    """Print versions and devices, and check that this machine computes right; exit code 1 if it does not."""
    double_precision()
    import jax

    from jaxspin.numerics.canaries import known_bad, run_canaries

    print(f"python   {platform.python_version()} on {platform.system()} {platform.machine()}")
    print(f"jaxspin  {__version__}")
    print("packages " + ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES))
    print("devices  " + ", ".join(f"{device.device_kind} ({device.platform})" for device in jax.devices()))
    print(f"numbers  {jax.numpy.ones(()).dtype}")
    fault = known_bad(jax.__version__)
    if fault:
        print(f"FAULT    jax {jax.__version__}: {fault}; install another version")
    canaries = run_canaries()
    width = max(len(canary.name) for canary in canaries)
    for canary in canaries:
        print(f"{'ok' if canary.ok else 'FAULT':<8} {canary.name:<{width}}  {canary.detail}")
    healthy = fault is None and all(canary.ok for canary in canaries)
    print("This machine computes right." if healthy else "Do not trust results from this machine.")
    return 0 if healthy else 1
