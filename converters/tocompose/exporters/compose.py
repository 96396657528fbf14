"""`compose/write.py` under its former address."""

from tocompose.compose.write import service_body as service_body
