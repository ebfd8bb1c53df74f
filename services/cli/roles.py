"""`warmline roles`: the page of who may do what, written from the routes."""

from services.cli.terminal import say


def print_page() -> None:
    """`warmline roles`."""
    import json

    from services.api.openapi import render
    from services.api.roles import write_page

    say(write_page(json.loads(render())).rstrip("\n"))
