"""Measures of datasets: homophily, label informativeness, graphs that occur twice."""
