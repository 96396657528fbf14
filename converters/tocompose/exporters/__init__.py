"""Exporters: from the stack model to the text of the files."""
