"""The REST API: each app brings its router, every operation needs a login."""

from ninja import NinjaAPI

api = NinjaAPI(title="MILA", version="1", docs_url="/docs", openapi_url="/openapi.json")
