"""Files at the border: CSV tables, TOML run files, and the units in both. Loads pint when the first unit is read."""

from jaxspin.io.calibration import Calibration, calibrate
from jaxspin.io.design import DesignPlan, read_design
from jaxspin.io.fields import field_view, write_vti
from jaxspin.io.markdown import fill_page, markdown_table
from jaxspin.io.measured import Measured, Readings, read_data
from jaxspin.io.runfile import Run, parse_run, read_run, run_text
from jaxspin.io.schema import ConfigError
from jaxspin.io.start import (
    GaussianPrior,
    UniformPrior,
    check_fit,
    conditions,
    read_priors,
    read_solve,
    simulated_conditions,
    starting_point,
)
from jaxspin.io.sweep import Box, check_axes, held_controls, sweep_axes, sweep_box
from jaxspin.io.tables import Table, TableError, read_table, table_text, write_table, write_text
from jaxspin.io.units import UnitError, factor, parse
from jaxspin.io.wannier import WannierError, WannierTable, hr_text, read_wannier

__all__ = [
    "Box",
    "Calibration",
    "ConfigError",
    "DesignPlan",
    "GaussianPrior",
    "Measured",
    "Readings",
    "Run",
    "Table",
    "TableError",
    "UniformPrior",
    "UnitError",
    "WannierError",
    "WannierTable",
    "calibrate",
    "check_axes",
    "check_fit",
    "conditions",
    "factor",
    "field_view",
    "fill_page",
    "held_controls",
    "hr_text",
    "markdown_table",
    "parse",
    "parse_run",
    "read_data",
    "read_design",
    "read_priors",
    "read_run",
    "read_solve",
    "read_table",
    "read_wannier",
    "run_text",
    "simulated_conditions",
    "starting_point",
    "sweep_axes",
    "sweep_box",
    "table_text",
    "write_table",
    "write_text",
    "write_vti",
]
