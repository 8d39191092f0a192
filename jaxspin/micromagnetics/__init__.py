"""Micromagnetics with any number of sublattices, spin-orbit torque and derivatives; knows no paper."""
