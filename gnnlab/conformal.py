"""Conformal prediction: sets of classes that hold the right one as often as asked for."""

from __future__ import annotations

from gnnlab.tasks.uncertainty.calibration import Calibrated as Calibrated
from gnnlab.tasks.uncertainty.calibration import calibrate as calibrate
from gnnlab.tasks.uncertainty.calibration import sets as sets
from gnnlab.tasks.uncertainty.cf_gnn import CFGNN as CFGNN
from gnnlab.tasks.uncertainty.daps import DAPS as DAPS
from gnnlab.tasks.uncertainty.method import Conformal as Conformal
from gnnlab.tasks.uncertainty.method import methods as methods
from gnnlab.tasks.uncertainty.naps import NAPS as NAPS
from gnnlab.tasks.uncertainty.plain import APS as APS
from gnnlab.tasks.uncertainty.plain import RAPS as RAPS
from gnnlab.tasks.uncertainty.plain import Split as Split

__all__ = [
    "APS",
    "CFGNN",
    "Calibrated",
    "Conformal",
    "DAPS",
    "NAPS",
    "RAPS",
    "Split",
    "calibrate",
    "methods",
    "sets",
]
