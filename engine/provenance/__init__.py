"""Provenance: content credentials (C2PA) in films and pictures: who says what they were made from, signed.

    keys.py       the studio's own key, made on first use, or the user's
    saying.py     what is said: of a take, of a cut, of what they were made from
    signing.py    put it into a file, signed
    reading.py    what a file says, and whether it is still as it was signed
    extra.py      the library for all of that, which is an extra; what files can carry

Nothing here asks the network: no clock of somebody else's is asked for the time, no list of whom to trust is fetched, and no
credentials that a file says lie elsewhere. Knows neither projects nor the timeline. Imports the library only inside a call.
"""

from engine.provenance.extra import carries, installed
from engine.provenance.keys import Key, key_of, own_key
from engine.provenance.reading import Credentials, read
from engine.provenance.saying import Ingredient
from engine.provenance.signing import sign_cut, sign_take

__all__ = ["Credentials", "Ingredient", "Key", "carries", "installed", "key_of", "own_key", "read", "sign_cut", "sign_take"]
