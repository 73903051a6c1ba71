"""Words: what a prompt names, and short prompts made into those that a model was taught with.

Knows text. Knows no model's weights, no torch and no file.

    naming.py      what a prompt names of the paper world, word by word
    providing.py   who lengthens prompts: one question, and who is ready to answer it
    expanding.py   a short prompt into a descriptive one: the person's words kept, what was added marked
    chinese.py     the paper world's words in Chinese
"""
