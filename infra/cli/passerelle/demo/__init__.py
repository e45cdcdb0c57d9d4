"""A demonstration office: its data as tables, and the loader that plays them through the gateway."""
