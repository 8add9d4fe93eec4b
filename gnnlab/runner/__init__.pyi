"""What ``gnnlab.runner`` exports; each name loads when it is first asked for."""

from .overview.frame import results as results
from .overview.frame import summary as summary
from .runs.results import Summary as Summary
from .runs.results import read_results as read_results
from .runs.results import run_folders as run_folders
from .runs.results import summarise as summarise
from .runs.run import run as run
from .runs.run import wanted_results as wanted_results
from .settings.config import Config as Config
from .settings.config import configure as configure
from .settings.recipes import Recipe as Recipe
from .settings.recipes import recipe as recipe
from .settings.recipes import recipe_names as recipe_names
