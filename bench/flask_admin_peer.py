"""Run by peers.py in the peers' environment: median seconds of Flask-Admin's list of listings."""

import statistics
import sys
import time

import pysqlite3.dbapi2
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Column, Integer, String

SHOWN = (
    "title",
    "gpu_model",
    "place",
    "price_minor",
    "status",
    "views_total",
    "inquiries_total",
    "updated_at",
)

db = SQLAlchemy()


class Listing(db.Model):
    """The columns that our own index shows."""

    __tablename__ = "listings"
    id = Column(Integer, primary_key=True)
    provider_id = Column(BigInteger)
    title = Column(String)
    gpu_model = Column(String)
    place = Column(String)
    price_minor = Column(BigInteger)
    status = Column(String)
    views_total = Column(BigInteger)
    inquiries_total = Column(Integer)
    updated_at = Column(BigInteger)


class ListingView(ModelView):
    """Fifty rows a page with a filter on the status, as our index is measured."""

    column_list = SHOWN
    column_filters = ("status",)
    column_default_sort = ("updated_at", True)
    page_size = 50


def main(path: str) -> None:
    """Print the median seconds a request."""
    app = Flask("peer")
    app.config.update(
        SECRET_KEY="x" * 32,
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{path}",
        SQLALCHEMY_ENGINE_OPTIONS={"module": pysqlite3.dbapi2},
    )
    db.init_app(app)
    admin = Admin(app, name="peer")
    with app.app_context():
        admin.add_view(ListingView(Listing, db.session, endpoint="listings"))
    client = app.test_client()
    url = "/admin/listings/?flt0_status_equals=live"
    times = []
    for _ in range(12):
        begun = time.perf_counter()
        response = client.get(url)
        response.get_data()
        times.append(time.perf_counter() - begun)
        if response.status_code != 200:
            raise SystemExit(f"the peer answered {response.status_code}")
    print(statistics.median(times[2:]))


if __name__ == "__main__":
    main(sys.argv[1])
