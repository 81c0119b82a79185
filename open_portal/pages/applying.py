"""To be written."""

from flask import Blueprint

pages = Blueprint("applying", __name__)
