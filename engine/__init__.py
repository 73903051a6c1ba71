"""Cineloom's engine: what the studio is. Knows nothing of gradio, and importing it costs nothing.

Every module is imported where it is needed; `import engine` loads neither torch nor weights.
"""

__version__ = "0.1.0"
