"""Words: what a prompt names, and short prompts made into those that a model was taught with.

Knows text, and who can be asked for more of it. Holds no torch and no weights: what needs them is in a process of its own.

    naming.py      what a prompt names of the paper world, word by word
    providing.py   who lengthens prompts: one question, and who is ready to answer it
    served.py      a language model behind an address         local.py   one in a folder, in a process of its own, which held.py keeps
    language.py    where language models are, as the environment says
    guides.py      how each family of models wants its prompts: what a language model is told
    replies.py     what it answers, made into a longer prompt or refused
    expanding.py   a short prompt into a descriptive one: the person's words kept, what was added marked
    scripting.py   a text into the shots of a storyboard: sentences.py cuts it, directing.py has a language model do it
    chinese.py     the paper world's words in Chinese
"""
