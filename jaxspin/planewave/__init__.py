"""Relativistic plane-wave density-functional theory with derivatives through self-consistency; knows no paper."""
