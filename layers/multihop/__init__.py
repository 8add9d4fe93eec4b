"""Multi-hop message passing: layers read nodes that are several hops away."""
