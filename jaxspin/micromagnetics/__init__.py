"""Micromagnetics with any number of sublattices, spin-orbit torque and derivatives; knows no paper. SI units."""

from jaxspin.micromagnetics import shapes, waveforms
from jaxspin.micromagnetics.anisotropy import CubicAnisotropy, UniaxialAnisotropy
from jaxspin.micromagnetics.demagnetization import Demagnetization
from jaxspin.micromagnetics.dmi import BulkDMI, InterfacialDMI
from jaxspin.micromagnetics.eigenmodes import Modes, Ringdown, eigenmodes, ringdown
from jaxspin.micromagnetics.elastic_band import Barrier, energy_barrier, straight_path
from jaxspin.micromagnetics.evolve import Evolution, evolve
from jaxspin.micromagnetics.exchange import Exchange
from jaxspin.micromagnetics.hysteresis import Hysteresis, hysteresis
from jaxspin.micromagnetics.interlayer import InterlayerExchange
from jaxspin.micromagnetics.llg import largest_torque, magnetization_rate
from jaxspin.micromagnetics.long_run import evolve_in_parts
from jaxspin.micromagnetics.mesh import Mesh, by_region
from jaxspin.micromagnetics.oersted import OerstedField, current_field, strip_field
from jaxspin.micromagnetics.ovf import OvfError, OvfField, read_ovf, write_ovf
from jaxspin.micromagnetics.pair_rotation import evolve_split
from jaxspin.micromagnetics.precession_step import PrecessionStep
from jaxspin.micromagnetics.relax import Equilibrium, relax
from jaxspin.micromagnetics.rigid import evolve_rigid
from jaxspin.micromagnetics.slonczewski import SlonczewskiTorque
from jaxspin.micromagnetics.spin_orbit_torque import SpinOrbitTorque, spin_hall_angle
from jaxspin.micromagnetics.sublattice import GYROMAGNETIC_RATIO, Sublattice
from jaxspin.micromagnetics.sublattice_exchange import SublatticeExchange
from jaxspin.micromagnetics.symmetry import SwitchingSymmetry, check_switching_symmetry
from jaxspin.micromagnetics.system import (
    System,
    averages,
    effective_field,
    energies,
    energy,
    torque_field,
    total_moment,
)
from jaxspin.micromagnetics.table_file import OdtTable, read_odt, write_evolution, write_odt
from jaxspin.micromagnetics.term import EnergyTerm, field_by_gradient
from jaxspin.micromagnetics.thermal import evolve_thermal
from jaxspin.micromagnetics.torque import Torque
from jaxspin.micromagnetics.zeeman import Zeeman
from jaxspin.micromagnetics.zhang_li import ZhangLiTorque, drift_velocity

__all__ = [
    "GYROMAGNETIC_RATIO",
    "Barrier",
    "BulkDMI",
    "CubicAnisotropy",
    "Demagnetization",
    "EnergyTerm",
    "Equilibrium",
    "Evolution",
    "Exchange",
    "Hysteresis",
    "InterfacialDMI",
    "InterlayerExchange",
    "Mesh",
    "Modes",
    "OdtTable",
    "OerstedField",
    "OvfError",
    "OvfField",
    "PrecessionStep",
    "Ringdown",
    "SlonczewskiTorque",
    "SpinOrbitTorque",
    "Sublattice",
    "SublatticeExchange",
    "SwitchingSymmetry",
    "System",
    "Torque",
    "UniaxialAnisotropy",
    "Zeeman",
    "ZhangLiTorque",
    "averages",
    "by_region",
    "check_switching_symmetry",
    "current_field",
    "drift_velocity",
    "effective_field",
    "eigenmodes",
    "energies",
    "energy",
    "energy_barrier",
    "evolve",
    "evolve_in_parts",
    "evolve_rigid",
    "evolve_split",
    "evolve_thermal",
    "field_by_gradient",
    "hysteresis",
    "largest_torque",
    "magnetization_rate",
    "read_odt",
    "read_ovf",
    "relax",
    "ringdown",
    "shapes",
    "spin_hall_angle",
    "straight_path",
    "strip_field",
    "torque_field",
    "total_moment",
    "waveforms",
    "write_evolution",
    "write_odt",
    "write_ovf",
]
