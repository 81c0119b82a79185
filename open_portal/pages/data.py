"""To be written."""

from flask import Blueprint

pages = Blueprint("data", __name__)
