"""K-means clustering of the nodes by an embedding of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from gnnlab.core.arguments import check_count
from gnnlab.tasks.clustering.method import Clustering
from gnnlab.tasks.embedding.method import Embedding, embeddings
from gnnlab.tasks.shared.methods import make_method, resolved_method

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True)
class KMeans(Clustering):
    r"""Part the nodes so that their vectors lie near the means of their clusters.

    .. math:: \min_{c, \mu} \sum_i \lVert z_i - \mu_{c_i} \rVert^2

    Args:
        of: the vectors: a name such as ``spectral``, a table of a name and settings, or an
            embedding; ``features`` is the control that reads no edge. On ``spectral``, with as many
            eigenvectors as clusters, this is the algorithm of Ng, Jordan and Weiss.
        starts: runs from drawn centres, of which the best is kept.

    Shapes:
        what the embedding reads -> (N,) int64

    Raises:
        ValueError: an unknown embedding or setting, starts below 1, more clusters than nodes.

    Source:
        Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28,
        1982, with the first centres of Arthur and Vassilvitskii, "k-means++", SODA 2007: that of
        scikit-learn. Ng, Jordan and Weiss, "On Spectral Clustering", NeurIPS 2001.
    """

    short: ClassVar[str] = "kmeans"
    of: Any = "spectral"
    starts: int = 10

    def __post_init__(self) -> None:
        check_count("starts", self.starts)
        object.__setattr__(self, "of", resolved_method(embeddings, self.of, "of"))

    def __call__(self, data: Data, clusters: int, seed: int = 0) -> Tensor:
        from sklearn import cluster

        nodes = int(data.num_nodes or 0)
        if clusters > nodes:
            raise ValueError(f"clusters is {clusters}, but the graph has {nodes} nodes: take fewer")
        made: Embedding = make_method(embeddings, self.of, "of")
        vectors = made(data, seed, clusters).double().numpy()
        model = cluster.KMeans(clusters, n_init=self.starts, random_state=seed)
        return torch.from_numpy(model.fit_predict(vectors)).long()
