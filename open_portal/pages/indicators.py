"""To be written."""

from flask import Blueprint

pages = Blueprint("indicators", __name__)
