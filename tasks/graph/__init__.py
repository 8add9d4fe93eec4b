"""Tasks of whole graphs: prediction, readouts, pairs to tell apart."""
