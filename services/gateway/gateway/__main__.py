"""`python -m gateway api | worker | all`."""

import sys

from chassis.starting import begin

if __name__ == "__main__":
    begin()
    from chassis.run import MODES, serve
    from gateway.app import application
    from gateway.settings import GatewaySettings

    mode = (sys.argv[1:] or ["all"])[0]
    if mode not in MODES:
        raise SystemExit(f"choose one of {', '.join(MODES)}")
    settings = GatewaySettings()
    serve(application(settings, serves=mode != "worker", worker=mode != "api"), settings, "gateway")
