"""The staff pages: server-rendered, in French and English, whole without script."""

from gateway.pages.routes import pages

__all__ = ["pages"]
