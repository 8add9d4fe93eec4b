"""Damaged files of every format: loaded, or refused in one sentence that says what to do."""

from __future__ import annotations

import pkgutil
from pathlib import Path

import children
import pytest

from gnnlab.datasets import readers
