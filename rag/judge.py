"""A cross-encoder that reads a sentence beside its source and has the last word in the gate.

Any model of sentence-transformers' ``CrossEncoder``: one of natural language inference, which has
a label for entailment, or a reranker, which has one output. It is loaded when it is first asked,
and only for sentences that are not verbatim and passed everything else.
"""

from typing import TYPE_CHECKING

import numpy as np

from index.errors import UsageError

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

__all__ = ["CrossEncoderJudge", "load_judge"]

_SUPPORTED = 0.5
"""Of a reranker's output between 0 and 1."""


class CrossEncoderJudge:
    """Judges by a cross-encoder. Loaded when used."""

    def __init__(self, model: str, *, device: str | None = None) -> None:
        """Name a ``CrossEncoder``, by folder or hub name."""
        self.name = model
        self._device = device
        self._model: CrossEncoder | None = None

    def supports(self, sentence: str, source: str) -> bool:
        """Tell whether the source entails the sentence.

        Raises:
            UsageError: there is no such model, or it has several outputs and none is entailment.
        """
        if self._model is None:
            self._model = self._load()
        # The source is the premise: it is read first, as in every set of inference pairs.
        output = np.atleast_1d(np.asarray(self._model.predict([(source, sentence)]))[0])
        if output.size == 1:
            return self._share(float(output[0])) >= _SUPPORTED
        return int(np.argmax(output)) == self._entailment(self._model)

    def _share(self, output: float) -> float:
        """The output between 0 and 1, also of a model that gives logits."""
        return output if 0.0 <= output <= 1.0 else float(1 / (1 + np.exp(-output)))

    def _entailment(self, model: "CrossEncoder") -> int:
        named = getattr(model.config, "id2label", None) or {}
        labels = {int(n): str(name).lower() for n, name in named.items()}
        for number, name in labels.items():
            if name.startswith("entail"):
                return number
        raise UsageError(
            f"the judge {self.name} has the labels {', '.join(labels.values())} and none is "
            "entailment; name a model of natural language inference, or one with a single output"
        )

    def _load(self) -> "CrossEncoder":
        from sentence_transformers import CrossEncoder

        try:
            model: CrossEncoder = CrossEncoder(
                self.name, device=self._device, trust_remote_code=False
            )
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise UsageError(f"the judge {self.name!r} cannot be loaded: {reason}") from error
        return model


def load_judge(model: str, *, device: str | None = None) -> CrossEncoderJudge | None:
    """Make the judge that a configuration names; None where it names none."""
    return CrossEncoderJudge(model, device=device) if model else None
