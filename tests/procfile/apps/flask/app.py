"""A page that says under which name its server was asked for."""

from flask import Flask, request

app = Flask(__name__)


@app.get("/")
def page() -> str:
    """The address, as the platform's router tells it."""
    return f"flask {request.scheme}"
