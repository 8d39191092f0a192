"""Figures of sweeps: every kind of design, true cells, units, and no point that is lost from sight."""

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxspin.core import Observable, Status
from jaxspin.plot import sweep_figure
from jaxspin.plot.axis import Axis, cell_edges, is_geometric
from jaxspin.plot.maps import ColourScale, _written
from jaxspin.plot.outcomes import outcomes

KNOWN = {
    "delta": ("1", r"\delta", "composition gradient"),
    "film.thickness": ("m", "t", "film thickness"),
    "T": ("K", "T", "temperature"),
    "alpha": ("1", r"\alpha", "damping"),
    "f": ("Hz", "f", "frequency"),
    "j_c": ("A/m^2", "j_c", "critical current density"),
    "H_DMI": ("A/m", r"H_\mathrm{DMI}", "DMI field"),
    "R": ("ohm", "R", "resistance"),
}
AXES = {
    "delta": np.linspace(-0.06, 0.06, 31),
    "film.thickness": np.array([1.0, 2.0, 3.0, 5.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 20.0]) * 1e-9,
    "T": np.array([100.0, 200.0, 300.0, 400.0]),
    "alpha": np.geomspace(1e-3, 1e-1, 9),
    "f": np.geomspace(1e8, 1e10, 25),
}


def labels(name):
    return dict(zip(("units", "symbol", "long_name"), KNOWN[name], strict=True))


def grid(observable, function, *names, status=None, **axes):
    """A dataset over the named axes, `function` of them; where a status is not OK, the value is NaN or infinite."""
    values = {name: axes.get(name, AXES[name]) for name in names}
    y = np.broadcast_to(
        function(*np.meshgrid(*values.values(), indexing="ij")), [len(each) for each in values.values()]
    )
    status = np.zeros(y.shape, np.int8) if status is None else status
    y = np.where(status == Status.NO_SWITCHING, np.inf, np.where(status != Status.OK, np.nan, y))
    coordinates = {name: (name, each, labels(name)) for name, each in values.items()}
    return xr.Dataset({observable: (names, y, labels(observable)), "status": (names, status)}, coordinates)


def points(observable, function, count=256, status=None, **ranges):
    """A dataset of scattered points; those in the logarithm whose range is positive and spans a decade."""
    rng, columns = np.random.default_rng(0), {}
    for name, (low, high) in ranges.items():
        u = (rng.permutation(count) + 0.5) / count  # a Latin hypercube
        columns[name] = low * (high / low) ** u if low > 0 and high >= 10 * low else low + (high - low) * u
    status = np.zeros(count, np.int8) if status is None else status
    y = np.where(status == Status.OK, function(**columns), np.nan)
    coordinates = {name: ("point", np.where(status < 0, np.nan, each), labels(name)) for name, each in columns.items()}
    return xr.Dataset({observable: ("point", y, labels(observable)), "status": ("point", status)}, coordinates)


def legend(figure):
    return [text.get_text() for each in figure.legends for text in each.get_texts()]


def colours(figure):
    """The coloured cells or points of the first panel."""
    return figure.axes[0].collections[0]


@pytest.fixture(scope="module")
def critical_current():
    """Over composition gradient and thickness; a corner does not switch, a cell ran out of steps, a row is missing."""
    status = np.zeros((31, 14), np.int8)
    status[:3, -2:], status[10, 5], status[:, 0] = Status.NO_SWITCHING, Status.MAX_STEPS, -1
    return grid("j_c", lambda d, t: 2e11 * (1 + (30 * d) ** 2) * t / 1e-8, "delta", "film.thickness", status=status)


def test_two_axes_make_a_map_with_units_and_contours(critical_current, tmp_path):
    figure = sweep_figure(critical_current, "j_c", x="delta", y="film.thickness")
    axes, bar = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == (r"$\delta$", "$t$ (nm)")
    assert bar.get_ylabel() == "$j_c$ (10¹² A/m²)"
    shown = colours(figure).get_array()
    good = critical_current["status"].values.T == Status.OK
    np.testing.assert_array_equal(~np.ma.getmaskarray(shown), good)
    np.testing.assert_allclose(shown[good], 1e-12 * critical_current["j_c"].values.T[good], rtol=1e-12)
    written = [float(text.get_text()) for text in axes.texts]
    assert written
    assert shown.min() < min(written) <= max(written) < shown.max()
    assert figure.get_suptitle() == "critical current density"
    figure.savefig(tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 10_000


def test_failed_and_missing_points_are_counted_and_hatched_in_their_cells(critical_current):
    figure = sweep_figure(critical_current, "j_c", x="delta", y="film.thickness")
    assert legend(figure) == ["MAX_STEPS: 1 point", "NO_SWITCHING: 6 points", "not computed yet: 31 points"]
    hatched = figure.axes[0].patches
    assert len({each.get_hatch() for each in hatched}) == len(hatched) == 3
    one = hatched[0].get_path().get_extents()
    delta, t = (cell_edges(AXES[name]) for name in ("delta", "film.thickness"))
    np.testing.assert_allclose([one.x0, one.x1, one.y0, one.y1], [*delta[10:12], *(1e9 * t[5:7])], rtol=1e-12)
    corner = hatched[1].get_path().get_extents()
    np.testing.assert_allclose([corner.x0, corner.x1, corner.y0, corner.y1], [*delta[[0, 3]], *(1e9 * t[[-3, -1]])])


def test_finely_scattered_failures_are_filled():
    status = np.where(np.random.default_rng(1).random((160, 160)) < 0.3, Status.DIVERGED, 0).astype(np.int8)
    axes = {"delta": np.linspace(0, 1, 160), "T": np.linspace(1, 300, 160)}
    figure = sweep_figure(grid("H_DMI", lambda d, T: d * T, "delta", "T", status=status, **axes), "H_DMI")
    marked = figure.axes[0].collections[-1].get_array()
    np.testing.assert_array_equal(~np.ma.getmaskarray(marked), status.T == Status.DIVERGED)
    assert legend(figure) == [f"DIVERGED: {np.sum(status > 0):,} points".replace(",", "\u202f")]


def test_a_value_that_is_not_finite_is_a_failure_though_its_status_is_not():
    sweep = grid("H_DMI", lambda d, T: np.where(d == 0, np.inf, T / np.where(d == 0, 1, d)), "delta", "T")
    assert legend(sweep_figure(sweep, "H_DMI", x="T", y="delta")) == ["NOT_FINITE: 4 points"]


def test_every_status_looks_different():
    found = outcomes(np.array([-1, *Status, 9]))
    assert [each.label.partition(":")[0] for each in found] == [*(each.name for each in Status if each), "STATUS 9",
                                                                "not computed yet"]  # fmt: skip
    assert len({each.hatch for each in found}) == len({(each.marker, each.colour) for each in found}) == len(found)


def test_cells_reach_half_way_to_their_neighbours():
    np.testing.assert_allclose(cell_edges(np.array([1.0, 2.0, 4.0])), [0.5, 1.5, 3.0, 5.0])
    np.testing.assert_allclose(cell_edges(np.array([1.0, 10.0, 100.0])), 10.0 ** np.array([-0.5, 0.5, 1.5, 2.5]))


@given(st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=20, unique=True).map(np.sort))
@settings(max_examples=60, deadline=None)
def test_every_centre_is_in_its_cell(centres):
    edges = cell_edges(centres)
    assert np.all(edges[:-1] <= centres)
    assert np.all(centres <= edges[1:])
    assert np.all(edges > 0) or not is_geometric(centres)


def test_what_is_geometric():
    assert is_geometric(np.geomspace(0.01, 1, 10))
    assert is_geometric(np.array([1.0, 2.0, 5.0, 10.0, 20.0]))
    assert not is_geometric(np.linspace(0.1, 10, 10))
    assert not is_geometric(np.linspace(-1, 10, 10))
    assert not is_geometric(np.array([1.0, 2.0]))
    assert not is_geometric(np.array([]))


def test_colours_suit_the_values():
    """Logarithmic over decades, diverging about zero at a change of sign, else from lowest to highest."""
    field = Observable("A/m", "H", "field", ())
    decades = ColourScale.of(field, np.geomspace(1, 1e3, 50))
    assert (decades.colours.name, type(decades.norm).__name__) == ("batlow", "LogNorm")
    np.testing.assert_allclose(decades.levels[:4], [1e-3, 2e-3, 5e-3, 1e-2])  # in kA/m
    signed = ColourScale.of(field, np.linspace(-20, 50, 50))
    assert (signed.colours.name, signed.norm.vmin, signed.norm.vmax) == ("vik", -50, 50)
    positive = ColourScale.of(field, np.linspace(20, 50, 50))
    assert (positive.colours.name, positive.norm.vmin, positive.norm.vmax) == ("batlow", 20, 50)
    pole = ColourScale.of(field, 1 / np.linspace(-1, 1, 1000))
    assert pole.extend == "both"
    assert pole.norm.vmax == pytest.approx(50, rel=0.1)  # 1 % of all x in (-1, 1) has 0 < x < 1/50


def test_a_power_of_ten_is_in_the_label_where_no_prefix_does():
    current = Observable("A/m^2", "j", "", ())
    assert Axis.compact(current, np.array([3e11])) == Axis("$j$ (10¹¹ A/m²)", 1e-11, "10¹¹ A/m²")
    assert Axis.compact(Observable("1", "x", "", ()), np.array([2e-5])).label == "$x$ (10⁻⁵)"
    assert Axis.compact(Observable("K", "T", "", ()), np.array([300.0])) == Axis("$T$ (K)", 1.0, "K")
    assert Axis.of(Observable("V*m/A", "r", "", ()), np.array([300.0])).label == "$r$ (V·m/A)"


@pytest.mark.parametrize(
    ("level", "text"),
    [(-0.5, "−0.5"), (0.0, "0"), (20.0, "20"), (1e-3, "0.001"), (1e-13, "$10^{-13}$"), (2e5, r"$2 \cdot 10^{5}$")],
)
def test_levels_are_written_as_people_do(level, text):
    assert _written(level) == text


def test_noise_has_no_contours_but_smooth_maps_do():
    axes = {"delta": np.linspace(0, 1, 100), "T": np.linspace(0, 1, 100)}
    rng = np.random.default_rng(2)
    noise = grid("H_DMI", lambda d, T: rng.normal(size=d.shape), "delta", "T", **axes)
    assert not sweep_figure(noise, "H_DMI").axes[0].texts
    assert sweep_figure(grid("H_DMI", lambda d, T: d + T, "delta", "T", **axes), "H_DMI").axes[0].texts


def test_one_axis_makes_a_line_and_failed_points_stay_on_the_axis():
    status = np.zeros(25, np.int8)
    status[[3, 4]], status[20] = Status.NO_SOLUTION, -1
    figure = sweep_figure(grid("R", lambda f: 0.1 * (1 + f / 1e9), "f", status=status), "R")
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_xscale()) == ("$f$ (GHz)", "$R$ (Ω)", "log")
    curve, failed, missing = axes.lines
    good = status == Status.OK
    np.testing.assert_allclose(curve.get_xdata(), AXES["f"] / 1e9, rtol=1e-12)
    np.testing.assert_allclose(curve.get_ydata()[good], 0.1 * (1 + AXES["f"][good] / 1e9), rtol=1e-12)
    assert np.isnan(curve.get_ydata()[~good]).all()
    np.testing.assert_allclose(failed.get_xdata(), AXES["f"][[3, 4]] / 1e9, rtol=1e-12)
    np.testing.assert_allclose(missing.get_xdata(), AXES["f"][[20]] / 1e9, rtol=1e-12)
    assert legend(figure) == ["NO_SOLUTION: 2 points", "not computed yet: 1 point"]


def test_a_short_second_axis_makes_a_family_of_curves_unless_a_map_is_asked_for():
    sweep = grid("R", lambda T, f: T * f**2 * 1e-22, "T", "f")
    (axes,) = sweep_figure(sweep, "R").axes
    assert axes.get_xlabel() == "$f$ (GHz)"
    assert axes.get_legend().get_title().get_text() == "$T$ (K)"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["100", "200", "300", "400"]
    assert axes.get_yscale() == "log"
    assert len(sweep_figure(sweep, "R", x="f", y="T").axes) == 2
    across = sweep_figure(sweep, "R", x="T")
    assert (across.axes[0].get_xlabel(), len(across.axes)) == ("$T$ (K)", 2)  # 25 frequencies are no family


def test_a_list_in_any_order_is_drawn_in_order():
    T = np.array([300.0, 100.0, 200.0])
    (axes,) = sweep_figure(grid("R", lambda T: T / 100, "T", T=T), "R").axes
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[100, 1], [200, 2], [300, 3]])


def test_more_axes_are_held_at_their_middle_or_where_asked():
    sweep = grid("H_DMI", lambda d, T, t, a: d * T * t * a, "delta", "T", "film.thickness", "alpha")
    figure = sweep_figure(sweep, "H_DMI")
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == (r"$\delta$", "$t$ (nm)")
    assert figure.get_suptitle() == "DMI field\nat $T$ = 300 K (value 3 of 4), $\\alpha$ = 0.01 (value 5 of 9)"
    held = sweep_figure(sweep, "H_DMI", x="delta", y="T", at={"film.thickness": 6e-9, "alpha": 1e-3})
    assert held.get_suptitle() == "DMI field\nat $t$ = 5 nm, $\\alpha$ = 0.001"
    expected = AXES["delta"] * AXES["T"][:, None] * 5e-9 * 1e-3
    scale = Axis.compact(Observable("A/m", "H", "", ()), expected).scale
    np.testing.assert_allclose(colours(held).get_array(), scale * expected, rtol=1e-12, atol=0)
    (line,) = sweep_figure(sweep, "H_DMI", at={"film.thickness": 6e-9, "alpha": 1e-3, "T": 100.0}).axes
    assert line.get_xlabel() == r"$\delta$"


def test_points_over_two_inputs_are_coloured_and_failed_ones_marked():
    status = np.zeros(256, np.int8)
    status[:5], status[5:8] = Status.MAX_STEPS, -1
    sweep = points("j_c", lambda alpha, T: 1e11 * alpha * T / 3, status=status, alpha=(1e-3, 1e-1), T=(100, 400))
    figure = sweep_figure(sweep, "j_c")
    axes, bar = figure.axes
    assert (axes.get_xlabel(), axes.get_xscale(), axes.get_ylabel()) == (r"$\alpha$", "log", "$T$ (K)")
    assert bar.get_ylabel() == "$j_c$ (A/m²)"
    at = colours(figure).get_offsets()
    np.testing.assert_allclose(colours(figure).get_array(), 1e11 * at[:, 0] * at[:, 1] / 3, rtol=1e-12)
    assert len(at) == 248
    np.testing.assert_allclose(axes.lines[0].get_xdata(), sweep["alpha"][:5], rtol=1e-12)
    assert legend(figure) == ["MAX_STEPS: 5 points", "not computed yet: 3 points"]


def test_points_over_more_inputs_are_drawn_against_each():
    """Of j = delta^2, the median along delta follows the parabola and that along T is flat."""
    ranges = {"delta": (-0.06, 0.06), "T": (100, 400), "film.thickness": (1e-9, 5e-9)}
    sweep = points("R", lambda delta, **_: delta**2, 1200, **ranges)
    figure = sweep_figure(sweep, "R")
    assert [axes.get_xlabel() for axes in figure.axes] == [r"$\delta$", "$T$ (K)", "$t$ (nm)"]
    assert [axes.get_ylabel() for axes in figure.axes] == ["$R$ (mΩ)", "", ""]
    along_delta, along_T = (axes.lines[0].get_xydata() for axes in figure.axes[:2])
    np.testing.assert_allclose(along_delta[:, 1], 1e3 * along_delta[:, 0] ** 2, atol=1e-2)  # cells of 0.01: < 3e-5 ohm
    assert np.ptp(along_T[:, 1]) < 0.5 * np.ptp(along_delta[:, 1])
    (one,) = sweep_figure(sweep, "R", x="T").axes
    assert one.get_xlabel() == "$T$ (K)"
    assert len(sweep_figure(sweep, "R", x="T", y="delta").axes) == 2


def test_zipped_points_of_one_input_make_a_line():
    sweep = points("R", lambda T: T / 100, 20, T=(100, 400))
    line = sweep_figure(sweep, "R").axes[0].lines[0]
    np.testing.assert_allclose(line.get_ydata(), np.sort(sweep["T"]) / 100, rtol=1e-12)


@pytest.mark.parametrize("status", [-1, Status.DIVERGED])
def test_a_sweep_without_any_result_is_still_a_figure(status):
    for names in (["delta"], ["delta", "T"]):
        shape = [len(AXES[name]) for name in names]
        sweep = grid("R", lambda *x: x[0], *names, status=np.full(shape, status, np.int8))
        figure = sweep_figure(sweep, "R", x="delta", y="T" if len(names) > 1 else None)
        figure.canvas.draw()
        assert [text.get_text() for text in figure.axes[0].texts] == [
            "nothing computed yet" if status < 0 else "no point was solved"
        ]
    scattered = points("R", lambda **_: 1.0, 9, np.full(9, Status.DIVERGED), delta=(0, 1), T=(1, 2))
    sweep_figure(scattered, "R").canvas.draw()


def test_a_constant_observable_is_a_figure():
    figure = sweep_figure(grid("R", lambda d, T: 3.0 + 1e-15 * d, "delta", "T"), "R", x="delta", y="T")
    figure.canvas.draw()
    assert not figure.axes[0].texts


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"observable": "H_DMX"}, KeyError, "unknown observable 'H_DMX'; did you mean 'H_DMI'"),
        ({"x": "delt"}, KeyError, "unknown axis 'delt'; did you mean 'delta'"),
        ({"at": {"thickness": 1e-9}}, KeyError, "unknown axis 'thickness'"),
        ({"x": "T", "y": "T"}, ValueError, "two different axes"),
        ({"x": "T", "at": {"T": 100.0}}, ValueError, "to be drawn and to be held"),
        ({"x": "alpha"}, ValueError, "'alpha' has one value only"),
        ({"at": {"T": 500.0}}, ValueError, "T = 500 K is not in the sweep, which goes from 100 K to 400 K"),
        ({"at": {"T": 100.0, "delta": 0.0}}, ValueError, "nothing varies"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(arguments, error, words):
    sweep = grid("H_DMI", lambda d, T, a: d * T, "delta", "T", "alpha", alpha=np.array([0.01]))
    with pytest.raises(error, match=words) as caught:
        sweep_figure(sweep, **{"observable": "H_DMI"} | arguments)
    assert "\n" not in caught.value.args[0]


def test_points_cannot_be_sliced():
    sweep = points("R", lambda **_: 1.0, delta=(0, 1), T=(100, 400), alpha=(0.02, 0.02))
    with pytest.raises(ValueError, match="a list of points, no grid"):
        sweep_figure(sweep, "R", at={"T": 100.0})
    with pytest.raises(ValueError, match="'alpha' has one value only"):
        sweep_figure(sweep, "R", x="alpha")


def test_the_look_does_not_leak(critical_current):
    before = dict(mpl.rcParams)
    sweep_figure(critical_current, "j_c")
    assert dict(mpl.rcParams) == before


def test_short_logarithmic_axes_have_plain_numbers_between_the_decades():
    sweep = grid("R", lambda f: 1 + f / 1e9, "f", f=np.geomspace(4e8, 5e9, 20))
    figure = sweep_figure(sweep, "R")
    figure.canvas.draw()
    axis = figure.axes[0].xaxis
    written = {text.get_text() for text in axis.get_ticklabels(which="both")} - {""}
    assert {"0.5", "1", "2", "5"} <= written
    assert not [text for text in written if "times" in text or "e" in text]
