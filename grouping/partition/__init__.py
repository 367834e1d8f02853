"""Partitions of a set into groups, proven: plain arrays, no practices.

`PartitionProblem` (`arrays`) takes any problem of this kind. The modules under it stand in the order data flows:
`kernels` list and price millions of sets, `columns` are the sets with their cost and side rows, `pricing` bounds them,
`programme` settles the rest, `search` brings these together, `ties` makes the answer unique, `every` lists all plans
that are nearly as good by the graph of `states` they pass through; `clock` says how long.
"""

from grouping.partition.arrays import Partition, PartitionProblem, Partitions, of_each

__all__ = ["Partition", "PartitionProblem", "Partitions", "of_each"]
