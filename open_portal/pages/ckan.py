"""To be written."""

from flask import Blueprint

pages = Blueprint("ckan", __name__)
