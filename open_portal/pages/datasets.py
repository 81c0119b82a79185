"""To be written."""

from flask import Blueprint

pages = Blueprint("datasets", __name__)
