"""Errors: a small tree. A message says what was asked, what there is, and what would work.

    CineloomError
    ├─ BadRequest        the recipe asks for something that cannot be: prompt, seed, length, size, steps
    ├─ GridMismatch      two pieces of latent film do not fit together
    ├─ BadMedia          a picture or film that cannot be read: missing, empty, truncated, mislabelled, too big
    ├─ CannotWrite       a folder that is not writable, a full disk
    ├─ WeightsError      weights missing, truncated or of another version
    ├─ NoAnswer          somebody who was asked for words gave none that can be used
    ├─ NotEnoughMemory   the asked film does not fit; the message says what would
    └─ Cancelled         somebody asked the run to stop
"""


class CineloomError(Exception):
    """Anything the studio says no to, as one sentence a person can act on."""


class BadRequest(CineloomError):
    """The recipe asks for something that cannot be."""


class GridMismatch(CineloomError):
    """Two pieces of latent film differ in more than their length."""


class BadMedia(CineloomError):
    """A picture or film that cannot be read."""


class CannotWrite(CineloomError):
    """The place to write to is not there, not ours or full."""


class WeightsError(CineloomError):
    """Model weights are missing, damaged or of another version."""


class NoAnswer(CineloomError):
    """Somebody who was asked for words gave none that can be used."""


class NotEnoughMemory(CineloomError):
    """What was asked does not fit in free memory."""


class Cancelled(CineloomError):
    """Somebody asked the run to stop."""
