"""Conversions by request: one pure function for the server and the browser, the server, and the page."""
