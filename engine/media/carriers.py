"""Carriers: the recipe inside the file that it made, twice where the format can, so that it survives being shared.

    take.mp4, take.mov   1. the container's comment            2. an XMP packet in a box of its own at the end of the file
    take.webm            1. a tag COMMENT
    take.gif             1. a comment extension                2. an XMP packet in an application extension
    take.png             1. a text chunk "Comment"             2. an XMP packet in a text chunk
    poster.jpg           1. an XMP packet in an APP1 segment

Services that clean a film's user data tend to leave one of the two. The XMP also says, in the words that the press
agreed on (IPTC digital source type), that a trained model made the pictures.
Knows where recipes are put. Knows nothing of what a recipe means: it is a line of JSON here. Finding them is `finding`'s.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from xml.sax.saxutils import quoteattr

XMP_BOX = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")     # ISO 16684-1, the uuid of an XMP box
XMP_CHUNK = "XML:com.adobe.xmp"
XMP_SEGMENT = b"http://ns.adobe.com/xap/1.0/\0"                 # in a JPEG
XMP_EXTENSION = b"XMP DataXMP"                                  # in a GIF
SPACE = "urn:cineloom:1"
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSED = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"      # with film of another source
SEGMENT = 65_000        # bytes that a JPEG's segment holds


def xmp(recipe: str, source: str = SOURCE) -> str:
    """An XMP packet that carries the recipe's JSON, and says by what kind of source the pictures were made."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'Iptc4xmpExt:DigitalSourceType="{source}" xmlns:cineloom="{SPACE}" cineloom:recipe={quoteattr(recipe)}/>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    )


def box(recipe: str, source: str = SOURCE) -> bytes:
    """The same as the last box of an MP4 or MOV file."""
    payload = XMP_BOX + xmp(recipe, source).encode()
    return struct.pack(">I4s", 8 + len(payload), b"uuid") + payload


def extensions(recipe: str, source: str = SOURCE) -> bytes:
    """The same for a GIF: a comment, and XMP as Adobe puts it there. They stand before the last byte of the file."""
    text = recipe.encode()
    blocks = b"".join(bytes([len(part)]) + part for part in (text[at:at + 255] for at in range(0, len(text), 255)))
    # XMP is not cut into blocks: whoever walks blocks runs through the text into the 256 lengths behind it, and out.
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    return b"\x21\xfe" + blocks + b"\0" + b"\x21\xff\x0b" + XMP_EXTENSION + xmp(recipe, source).encode() + trailer


def segment(recipe: str, source: str = SOURCE) -> bytes | None:
    """The packet for a JPEG; None for a recipe too long for one segment."""
    packet = xmp(recipe, source).encode()
    return packet if len(packet) <= SEGMENT else None


def add_to_film(path: Path, recipe: str, container: str, source: str = SOURCE) -> None:
    """Add what the library that wrote the film does not write itself. Raises OSError."""
    with path.open("rb+") as file:
        file.seek(0, os.SEEK_END)
        if container in ("mp4", "mov"):
            file.write(box(recipe, source))
        elif container == "gif":
            file.seek(-1, os.SEEK_END)
            file.write(extensions(recipe, source) + b"\x3b")
