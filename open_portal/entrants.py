"""Whoever is signed in, as the login library wants him."""

from flask_login import UserMixin


class Entrant(UserMixin):
    """Known by the secret of the session that is kept on the server, never by the account's own id."""

    def __init__(self, secret: str) -> None:
        self.id = secret
