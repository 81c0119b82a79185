"""To be written."""

from flask import Blueprint

pages = Blueprint("my", __name__)
