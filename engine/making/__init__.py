"""Making: the rooms behind `engine.make`.

    given.py     what a recipe was given: pictures as they are seen, latents where they will stand
    referring.py who or what is to be in it, at no time
    layout.py    recipe -> canvas: what is kept, what is changed, what is made
    walk.py      canvas -> latents: windows and tiles, one after another, kept and gone on from
    fading.py    what is off at a join, gone over some pictures
    pixels.py    latents -> pictures: a streaming decode, kept pixels put back
"""
