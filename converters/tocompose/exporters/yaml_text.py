"""`compose/yaml_text.py` under its former address."""

from tocompose.compose.yaml_text import Alias as Alias
from tocompose.compose.yaml_text import Anchored as Anchored
from tocompose.compose.yaml_text import render as render
