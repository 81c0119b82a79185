"""To be written."""

from flask import Blueprint

pages = Blueprint("api", __name__)
