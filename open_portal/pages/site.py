"""To be written."""

from flask import Blueprint

pages = Blueprint("site", __name__)
