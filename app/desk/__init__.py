"""The desk: everything the page, the routes and the public functions ask of the studio, in one place.

    desk.making   what is asked becomes jobs        desk.line    the queue        desk.shelf   the takes
    desk.inputs   pictures to start from            desk.projects   which is open        desk.cutting   the cuts, desk.exports as files
    desk.models   what film is made with, here and to be had            desk.wording   prompts made longer
    desk.state()    what the page shows now
Knows the queue, the library and the catalog's light facts. Knows no gradio and no HTTP; imports no torch.
"""

from app.desk.desk import Desk

__all__ = ["Desk"]
