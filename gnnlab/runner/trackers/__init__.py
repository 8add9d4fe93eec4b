"""Trackers: training as TensorBoard, Weights & Biases, MLflow and others show it."""
