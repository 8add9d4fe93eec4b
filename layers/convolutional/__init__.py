"""Convolutions: each layer sums or averages messages of direct neighbours."""
