"""Carriers: the recipe inside the file that it made, twice, so that it survives being shared.

    take.mp4   1. the container's comment       2. an XMP packet in a box of its own at the end of the file
    take.png   1. a text chunk "Comment"        2. an XMP packet in a text chunk

Services that clean a film's user data tend to leave one of the two. The XMP also says, in the words that the press
agreed on (IPTC digital source type), that a trained model made the pictures.
Knows boxes and chunks. Knows nothing of what a recipe means: it is a line of JSON here.
"""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from xml.sax.saxutils import quoteattr

XMP_BOX = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")     # ISO 16684-1, the uuid of an XMP box
XMP_CHUNK = "XML:com.adobe.xmp"
SPACE = "urn:cineloom:1"
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
LIMIT = 1_000_000       # bytes of a packet that is read


def xmp(recipe: str) -> str:
    """An XMP packet that carries the recipe's JSON."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'Iptc4xmpExt:DigitalSourceType="{SOURCE}" xmlns:cineloom="{SPACE}" cineloom:recipe={quoteattr(recipe)}/>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    )


def box(recipe: str) -> bytes:
    """The same as the last box of an MP4 file."""
    payload = XMP_BOX + xmp(recipe).encode()
    return struct.pack(">I4s", 8 + len(payload), b"uuid") + payload


def carried(path: str | Path) -> str | None:
    """The JSON of the recipe that a film or picture carries, from whichever carrier is left; None when there is none.

    What is found is untrusted text: `engine.recipe.from_json` decides whether it is a recipe. Raises BadMedia for a file
    that is neither picture nor film.
    """
    path = Path(path)
    from engine.media.films import comment_of
    from engine.media.pictures import is_png, text_chunks

    if is_png(path):
        chunks = text_chunks(path)
        found = chunks.get("Comment"), _recipe_in(chunks.get(XMP_CHUNK))
    else:
        found = comment_of(path), _recipe_in(_xmp_box(path))
    return next((text for text in found if text and text.lstrip().startswith("{")), None)


def _recipe_in(packet: str | None) -> str | None:
    if not packet or "<!" in packet:        # no document types or entities: nothing that could expand
        return None
    try:
        root = ElementTree.fromstring(packet)
    except ElementTree.ParseError:
        return None
    for element in root.iter():
        if f"{{{SPACE}}}recipe" in element.attrib:
            return element.attrib[f"{{{SPACE}}}recipe"]
    return None


def _xmp_box(path: Path) -> str | None:
    """Walk the top-level boxes of an MP4 file to the one that holds XMP."""
    end = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + 8 <= end:
            file.seek(at)
            size, kind = struct.unpack(">I4s", file.read(8))
            head = 8
            if size == 1:                   # a 64-bit size follows
                size, head = int.from_bytes(file.read(8), "big"), 16
            size = size or end - at         # 0: up to the end of the file
            if size < head or at + size > end:
                return None
            if kind == b"uuid" and head + 16 <= size <= LIMIT and file.read(16) == XMP_BOX:
                return file.read(size - head - 16).decode("utf-8", "replace")
            at += size
    return None
