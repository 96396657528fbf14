"""Readers: text to the positioned tree, without meaning; one module a syntax."""
