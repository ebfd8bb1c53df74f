"""What can stand in the way of taking something in."""


class BusyError(Exception):
    """Somebody else is at work on most of it: waiting for them is cheaper than going around."""
