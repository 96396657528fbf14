"""`compose/shapes.py` under its former address."""

from tocompose.compose.shapes import as_map

mapping = as_map
