"""Targets: outputs, loss and metric of classes, labels or numbers."""
