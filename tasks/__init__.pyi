"""What ``gnnlab.tasks`` exports; each name loads when it is first asked for."""

from .fitting import Result as Result
from .fitting import fit as fit
from .graph.pair_discrimination import Comparison as Comparison
from .graph.pair_discrimination import PairedComparison as PairedComparison
from .graph.pair_discrimination import compare_pairs as compare_pairs
from .graph.prediction import GraphPrediction as GraphPrediction
from .link.common_neighbors import common_neighbors as common_neighbors
from .link.heads.dot import DotProduct as DotProduct
from .link.heads.hadamard import HadamardMLP as HadamardMLP
from .link.heads.ncn import NCN as NCN
from .link.heads.ncnc import NCNC as NCNC
from .link.heuristics import AdamicAdar as AdamicAdar
from .link.heuristics import CommonNeighbors as CommonNeighbors
from .link.heuristics import Katz as Katz
from .link.heuristics import PersonalizedPageRank as PersonalizedPageRank
from .link.heuristics import ResourceAllocation as ResourceAllocation
from .link.heuristics import ShortestPath as ShortestPath
from .link.heuristics import heuristic as heuristic
from .link.model import LinkModel as LinkModel
from .link.prediction import LinkPrediction as LinkPrediction
from .link.splits.split import LinkSplit as LinkSplit
from .node.one_graph import NodeClassification as NodeClassification
from .shared.model import Model as Model
from .training.curve import Curve as Curve
from .training.curve import at_own_best as at_own_best
from .training.settings import Training as Training
