"""What the author of the data found, and his procedure, for readings or for a model's predictions of them."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float

CURRENT, RMS = 15e-3, 0.7  # A, peak; his factor from peak to rms, applied to the second harmonic only
R_AHE, MU0_MS = 8.0, 1.0  # ohm, T: assumed by him
EIGHT_HIGHEST = 12e-3  # T: he leaves the two lowest fields out of his straight lines

PUBLISHED = {"R_PHE": 0.0837, "offset": -1.79, "B_FL": 1.51e-5, "B_DL": -1.02e-5}
"""In ohm, degrees, T. He quotes the size of B_DL; with B_FL positive it is negative in the frame of jaxspin."""

WRITTEN = {"R_PHE": "0.0837 ± 0.0006", "offset": "-1.79 ± 0.05", "B_FL": "1.51", "B_DL": "-1.02"}
"""With the errors asked for, as they stand in the table of the run."""


@dataclasses.dataclass(frozen=True)
class Extracted:
    """His results: R_PHE [ohm] and angle offset [deg], means over the fields; B_FL and B_DL [T]; and what each field
    contributes: amplitude of (2 cos^3 phi - cos phi) and of cos phi in V_2w [V], which he plots against 1/B."""

    R_PHE: float
    offset: float
    B_FL: float
    B_DL: float
    field: Float[np.ndarray, " fields"]
    field_like: Float[np.ndarray, " fields"]
    cosine: Float[np.ndarray, " fields"]


def extract(
    angle: Float[np.ndarray, " n"],
    B: Float[np.ndarray, " n"],
    V_1w: Float[np.ndarray, " n"],
    V_2w: Float[np.ndarray, " n"],
    usable: Bool[np.ndarray, " n"],
) -> Extracted:
    """His procedure: a sine at each field, then straight lines through the eight highest fields.

    `angle` [rad] and `B` [T] of each reading, `V_1w` and `V_2w` [V] with `V_2w` scaled as in run.toml, so that his
    V_2w/0.7 is ours; `usable`: second-harmonic readings that did not overload the lock-in.
    """
    field = np.unique(B)
    planar, offset, field_like, cosine = [], [], [], []
    for each in field:
        here = each == B
        _, s, c = _least_squares([np.ones(here.sum()), np.sin(2 * angle[here]), np.cos(2 * angle[here])], V_1w[here])
        planar.append(np.hypot(s, c) / CURRENT)
        offset.append(0.5 * np.arctan2(c, s))
        here = here & usable
        phi = angle[here] + offset[-1]
        amplitudes = [np.cos(phi) * np.cos(2 * phi), np.cos(phi), np.ones(here.sum())]
        a, b, _ = _least_squares(amplitudes, V_2w[here])
        field_like.append(a)
        cosine.append(b)
    field_like, cosine, R_PHE = np.array(field_like), np.array(cosine), float(np.mean(planar))
    high = field > EIGHT_HIGHEST - 1e-4
    slope_FL = np.polyfit(1 / field[high], field_like[high], 1)[0]
    slope_DL = np.polyfit(1 / (field[high] + MU0_MS), cosine[high], 1)[0]
    return Extracted(
        R_PHE,
        float(np.degrees(np.mean(offset))),
        float(slope_FL / (R_PHE * CURRENT)),
        float(2 * slope_DL / (R_AHE * CURRENT)),
        field,
        field_like,
        cosine,
    )


def _least_squares(columns: list[np.ndarray], values: np.ndarray) -> np.ndarray:
    return np.linalg.lstsq(np.stack(columns, axis=1), values, rcond=None)[0]
