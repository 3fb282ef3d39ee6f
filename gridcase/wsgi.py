"""What a WSGI server loads: ``gridcase.wsgi:application``."""

from gridcase.app import create_app

application = create_app()
