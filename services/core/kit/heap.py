"""What a process loads once is not looked through again by the garbage collector."""

import gc


def settle() -> None:
    """Call when everything that stays is loaded: modules, weights, caches.

    A full collection walks every object that lives. Of a worker, nearly all of them were there
    before the first event; leaving them out took a fifth off the processor time of an event.
    """
    gc.collect()
    gc.freeze()
