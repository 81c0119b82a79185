"""To be written."""

from flask import Blueprint

pages = Blueprint("feeds", __name__)
