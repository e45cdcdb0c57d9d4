"""A container's health check: 0 when the service in it answers that it is ready, else 1 and what it said."""

import os
import sys
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener


def main() -> int:
    """Asks `/ready` on the port that the service was told to listen on; no proxy is asked for an address of our own."""
    port = os.environ[os.environ["SERVICE"].upper() + "_PORT"]
    try:
        with build_opener(ProxyHandler({})).open(f"http://127.0.0.1:{port}/ready", timeout=4) as answer:
            print(answer.read().decode())
            return 0
    except HTTPError as refused:
        print(refused.read().decode())
    except OSError as fault:
        print(fault)
    return 1


if __name__ == "__main__":
    sys.exit(main())
