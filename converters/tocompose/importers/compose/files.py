"""`compose/loading.py` under its former address."""

from tocompose.compose.loading import load as load
