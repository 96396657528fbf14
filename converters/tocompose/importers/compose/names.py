"""The names of `compose/files.py` and `compose/loading.py` under their former address."""

from tocompose.compose.files import BASE_NAMES as BASE_NAMES
from tocompose.compose.loading import Found as Found
from tocompose.compose.loading import compose_file as compose_file
from tocompose.compose.loading import find as find
