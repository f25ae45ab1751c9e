"""Entry point for WSGI servers: `application`."""

from portal import create_app

application = create_app()
