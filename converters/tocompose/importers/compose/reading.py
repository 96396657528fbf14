"""`compose/documents.py` under its former address."""

from tocompose.compose.documents import ComposeFile as ComposeFile
from tocompose.compose.documents import Places as Places
from tocompose.compose.documents import document_of as document_of
from tocompose.compose.documents import duplicate_notes as duplicate_notes
from tocompose.compose.documents import plain as plain
from tocompose.compose.documents import read_file as read_file
