"""The bundled multilingual encoder: how it is trained, measured and run.

``static`` runs it (NumPy and tokenizers, no torch); ``train`` makes the folder ``model``;
``evaluate`` prints what it can do.
"""
