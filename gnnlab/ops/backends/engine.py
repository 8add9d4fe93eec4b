"""What a device has to provide: the forward computations, without any derivative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from torch import Tensor

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency, Rows
    from gnnlab.ops.graphs.node_pairs import Pairs
    from gnnlab.ops.graphs.sparse_features import SparseFeatures

Ends = tuple[Tensor, Tensor]
"""Source and target scores, or queries and keys."""
Stats = tuple[Tensor, Tensor, Tensor]
"""The result of attention, and the maximum and 1 / sum of every row's scores."""


class Engine(Protocol):
    """Kernels behind one signature each; :mod:`.autograd` makes a backend of them.

    Sums are in float32 where tensors are stored in half precision. Everything is contiguous on
    return, and nothing that arrives is changed.
    """

    def stored(self, x: Tensor) -> Tensor:
        """The tensor in a type that the kernels read."""

    def propagate(self, x: Tensor, weight: Tensor | None, adj: Adjacency, mean: bool) -> Tensor:
        """y[i] = sum or mean of w_e x_j over the edges e = (j, i)."""

    def scaled(self, x: Tensor, own: Tensor | None, other: Tensor | None, adj: Adjacency) -> Tensor:
        """y[i] = sum of own_i other_j x_j."""

    def takes_steps(self, x: Tensor) -> bool:
        """Whether ``steps`` and ``horner`` read such a table, or ``scaled`` is to serve."""

    def steps(self, x: Tensor, scale: Tensor, adj: Adjacency, count: int) -> Tensor:
        """y[k] = (S A S)^k x for k = 0 to count."""

    def horner(self, x: Tensor, scale: Tensor, adj: Adjacency) -> Tensor:
        """The sum over k of (S A S)^k x[k]."""

    def edge_dot(self, query: Tensor, key: Tensor, adj: Adjacency) -> Tensor:
        """s[e] = <query_i, key_j>."""

    def segment_sum(self, values: Tensor, rows: Rows) -> Tensor:
        """Sum of the items of each row."""

    def softmax(self, score: Tensor, adj: Adjacency) -> Tensor:
        """Softmax over the edges of each row."""

    def softmax_grad(self, soft: Tensor, grad: Tensor, adj: Adjacency) -> Tensor:
        """soft * (grad - sum over the row of soft * grad)."""

    def attend(
        self, kind: str, value: Tensor, adj: Adjacency, ends: Ends, factor: float,
        weight: Tensor | None,
    ) -> Stats:  # fmt: skip
        """Attention; ``factor`` is the slope of additive scores, the scale of inner products."""

    def attend_grad(
        self, kind: str, grad: Tensor, value: Tensor, adj: Adjacency, ends: Ends, factor: float,
        weight: Tensor | None, stats: Stats,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:  # fmt: skip
        """Gradients for value, for the sources' end, for the scores and for the weights (E, K)."""

    def extreme(
        self, x: Tensor, weight: Tensor | None, adj: Adjacency, reduce: str
    ) -> tuple[Tensor, Tensor]:
        """Max or min, and the edge each came from: (N, features) int32, -1 for an empty row."""

    def extreme_grad_x(
        self, grad: Tensor, weight: Tensor | None, adj: Adjacency, arg: Tensor
    ) -> Tensor:
        """What the sources receive from the rows that picked them."""

    def extreme_grad_weight(
        self, grad: Tensor, x: Tensor, weight: Tensor, adj: Adjacency, arg: Tensor
    ) -> Tensor:
        """What the weights receive from the rows that picked their edges."""

    def segment_extreme(self, values: Tensor, rows: Rows, reduce: str) -> tuple[Tensor, Tensor]:
        """Max or min of the items of each row, and which item that is."""

    def block(self, x: Tensor, maps: Tensor, adj: Adjacency, turned: bool) -> Tensor:
        """y[i] = sum of M_e x_j, or of M_e^T x_j."""

    def outer(self, left: Tensor, right: Tensor, adj: Adjacency) -> Tensor:
        """(E, P, D): inner products over channels of left[i] (P) and right[j] (D)."""

    def rectified(
        self, x: Tensor, table: Tensor, edges: Tensor, weight: Tensor | None, adj: Adjacency
    ) -> Tensor:
        """y[i] = sum of w_e relu(x_j + s_e), s_e = table[edges[e]] or edges[e] @ table."""

    def rectified_grad(
        self, grad: Tensor, x: Tensor, table: Tensor, edges: Tensor, weight: Tensor | None,
        adj: Adjacency, wanted: tuple[bool, bool, bool, bool],
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]:  # fmt: skip
        """Gradients for x, table, edges and weight, as far as wanted."""

    def takes_pairs(self, x: Tensor) -> bool:
        """Whether there are kernels for pairs of nodes, or other sums are to serve."""

    def pair_aggregate(
        self, x: Tensor, scale: Tensor, shifts: Sequence[Tensor | None], inside: Tensor | None,
        pairs: Pairs, symbols: Sequence[str],
    ) -> list[Tensor]:  # fmt: skip
        """scale[a] x + what each symbol adds up, of :func:`gnnlab.ops.pair_aggregate`."""

    def pair_gradients(
        self, grads: Sequence[Tensor], x: Tensor, scale: Tensor, shifts: Sequence[Tensor | None],
        inside: Tensor | None, pairs: Pairs, symbols: Sequence[str],
        wanted: tuple[bool, Sequence[bool]],
    ) -> tuple[Tensor, Tensor | None, list[Tensor | None]]:  # fmt: skip
        """Gradients for x, and as far as wanted for scale and shifts."""

    def pair_collect(self, x: Tensor, pairs: Pairs, place: str) -> Tensor:
        """(N, F): the pairs of each node added up."""

    def pair_spread(self, x: Tensor, pairs: Pairs, place: str) -> Tensor:
        """(P, F): what one of its nodes holds, for every pair."""

    def transport(self, own: Tensor, other: Tensor, dim: int) -> Tensor:
        """(P, d, d): Q(own)^T Q(other) of :mod:`.reflections`."""

    def transport_grad(
        self, own: Tensor, other: Tensor, grad: Tensor, dim: int
    ) -> tuple[Tensor, Tensor]:
        """What the parameters of both receive."""

    def drop(self, x: Tensor, p: float, seed: int | Tensor) -> Tensor:
        """x where the bits of :mod:`.random` keep it, scaled by 1 / (1 - p)."""

    def sparse_product(self, table: Tensor, x: SparseFeatures, turned: bool) -> Tensor:
        """X t, or X^T t where turned, X without what dropout took."""
