"""A compact model that reads a question beside a passage and points at the sentence that answers.

``words`` cuts text into the model's pieces, ``network`` runs its layers, ``reader`` puts both
together; ``export`` makes the files under ``model/`` from trained weights, ``graph`` writes the
layers down for it.
"""
