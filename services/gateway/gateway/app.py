"""The gateway's composition: pages, interface and technical routes in one application."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.bodies import json_response
from chassis.http import bare, handle_errors
from gateway import api, openapi, upkeep
from gateway.gateway import Gateway
from gateway.inside import InsideDoor
from gateway.pages import pages
from gateway.session import AtTheDoor
from gateway.settings import GatewaySettings
from gateway.sign_in import routes as sign_in


def application(settings: GatewaySettings, *, serves: bool = True, worker: bool = True) -> FastAPI:
    """`serves` answers people and programs, `worker` keeps the views; the embedded form does both."""
    gateway = Gateway(settings, api=serves, worker=worker)
    app = bare(lambda _: gateway.open())
    app.state.gateway = gateway
    handle_errors(app, {})
    app.add_middleware(AtTheDoor, sessions=gateway.sessions, directory=gateway.directory, verifier=gateway.verifier)
    routes = [*upkeep.routes(gateway), *gateway.technical()]
    if serves:
        parts = (gateway.reads, gateway.owners, gateway.feed, gateway.directory)
        routes += [Route("/openapi.json", _description, methods=["GET"]), *api.routes(api.Api(*parts))]
        routes += sign_in(settings, gateway.sessions, gateway.directory)
        routes += pages(InsideDoor(*parts, gateway.clock))
    app.router.routes.extend(routes)
    return app


async def _description(request: Request) -> Response:
    return json_response(openapi.document())
