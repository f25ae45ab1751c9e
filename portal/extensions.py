"""The Flask extensions, unbound: create_app() binds them."""

from flask_babel import Babel
from flask_htmx import HTMX
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

# Models inherit from portal.database.Base, not from db.Model: mypy understands the former, and
# db.session serves both.
# expire_on_commit is off so that a row shown after its write is not read a second time.
db = SQLAlchemy(disable_autonaming=True, session_options={"expire_on_commit": False})
login_manager = LoginManager()
csrf = CSRFProtect()
babel = Babel()
htmx = HTMX()
migrate = Migrate()
