"""Measures of an answered case, as pure functions of plain values.

``parse`` gives the metric of a name, ``METRICS`` is the list that a run computes.
"""

from eval.metrics.registry import METRICS, Family, Metric, parse

__all__ = ["METRICS", "Family", "Metric", "parse"]
