"""`compose/read.py` under its former address."""

from tocompose.compose.read import stack_of as stack_of
