"""What ``gnnlab.structure.transforms`` exports; each name loads when it is first asked for."""

from .base import GraphTransform as GraphTransform
from .base import refuse_batch as refuse_batch
from .base import shares as shares
from .data_stores import shallow as shallow
from .encodings import Encoding as Encoding
from .encodings import LaplacianPE as LaplacianPE
from .encodings import RandomWalkPE as RandomWalkPE
from .hops import AddHops as AddHops
from .hops import known_hops as known_hops
from .k_path_subgraphs import KPathSubgraphs as KPathSubgraphs
from .pair_distances import PairDistances as PairDistances
from .paths import AddPaths as AddPaths
from .structure import Structure as Structure
