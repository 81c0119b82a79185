"""To be written."""

from flask import Blueprint

pages = Blueprint("admin", __name__)
