"""Train the bundled reader: the data folder in, the files that ``rag.reader`` runs out.

``python -m rag.reader.train --data DIR --output DIR [--device cuda] [--minutes 9] [--seed 0]``

From random weights, in one go: masked pieces and recurring spans first, questions more and more
(`rag.reader.recipe`). The steps (corpus, questions asked with retrieval, training) leave their
results in the work folder; started again, the program goes on from the last one, inside the
training from the last checkpoint. The corpus there is one file: it can be made on one machine and
trained with on another.
"""

import argparse
import json
import logging
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import UsageError
from index.fold import fold
from rag.reader.corpus import Corpus, load, read_corpus, save
from rag.reader.cutting import cut_corpus
from rag.reader.export import write_reader
from rag.reader.learner import MATRICES, exported, loss_of, new_weights, read
from rag.reader.muon import Steps
from rag.reader.network import HEAD
from rag.reader.pieces import choose_pieces
from rag.reader.recipe import Recipe
from rag.reader.retrieved import ask_with_retrieval
from rag.reader.tasks import Batch, Tasks
from rag.reader.words import Vocabulary

if TYPE_CHECKING:
    import torch
    from torch.utils.data import DataLoader

__all__ = ["main", "train"]

logger = logging.getLogger(__name__)

_SAVED_S = 120.0
_TOLD_S = 10.0
_RECENT = 60  # batches of a task whose mean loss is told


def train(
    tasks: Tasks,
    pieces: int,
    recipe: Recipe,
    *,
    checkpoint: Path,
    device: str,
    workers: int = 0,
) -> dict[str, "torch.Tensor"]:
    """Train weights for a vocabulary of so many pieces.

    Progress counts steps, or minutes where the recipe limits them. A checkpoint is written every
    two minutes and at the end, and taken up when it is there. ``workers`` processes draw batches;
    with 0 they are drawn in between.
    """
    import torch

    torch.manual_seed(recipe.seed)
    weights = new_weights(pieces, recipe, device=device)
    steps = Steps(weights, MATRICES, recipe)
    step, spent = _resume(weights, steps, checkpoint)
    feed = _Feed(tasks, recipe)
    through = torch.compile(read, dynamic=False) if device == "cuda" else read
    started = saved = told = time.monotonic()
    losses: dict[str, list[torch.Tensor]] = defaultdict(list)
    try:
        for batch in _batches(feed, step, recipe, workers=workers):
            done = step / recipe.steps
            if recipe.minutes is not None:
                elapsed = (spent + time.monotonic() - started) / 60
                done = max(done, elapsed / recipe.minutes)
                feed.clock.value = done
            if done >= 1:
                break
            on = {
                name: torch.as_tensor(getattr(batch, name)).to(device)
                for name in ("pieces", "marks", "goals", "wanted")
            }
            with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
                state = through(weights, on["pieces"], on["marks"], dropout=recipe.dropout)
                loss = loss_of(
                    weights, state, on["goals"], on["wanted"], group=batch.group, recipe=recipe
                )
            loss.backward()  # type: ignore[no-untyped-call]
            steps.take(recipe.pace(step, done))
            losses[batch.task] = [*losses[batch.task][1 - _RECENT :], loss.detach()]
            step += 1
            if (now := time.monotonic()) - told > _TOLD_S or step == recipe.steps:
                told = now
                means = {task: float(torch.tensor(row).mean()) for task, row in losses.items()}
                logger.info(
                    "step %d, %.0f %%, %s",
                    step,
                    100 * done,
                    ", ".join(f"{task} {mean:.3f}" for task, mean in sorted(means.items())),
                )
            if now - saved > _SAVED_S:
                saved = now
                _save(weights, steps, checkpoint, step=step, spent=spent + now - started)
    finally:  # also when a person stops it
        if step:
            _save(weights, steps, checkpoint, step=step, spent=spent + time.monotonic() - started)
    logger.info("trained for %d steps", step)
    return weights


_START = "spawn"
"""How processes begin: a fork after any FAISS work hangs the child."""


class _Feed:
    """Batches by number, for torch's loader; also in processes of its own."""

    def __init__(self, tasks: Tasks, recipe: Recipe) -> None:
        from torch.multiprocessing import get_context

        self._tasks, self._steps = tasks, recipe.steps
        self.clock = get_context(_START).Value("d", 0.0)
        """How far the time is, where it is limited."""

    def __getitem__(self, number: int) -> Batch:
        return self._tasks.draw(number, max(number / self._steps, min(1.0, self.clock.value)))


def _batches(feed: _Feed, start: int, recipe: Recipe, *, workers: int) -> "DataLoader[Batch]":
    from torch.utils.data import DataLoader

    return DataLoader(
        feed,  # type: ignore[arg-type]  # anything with items will do
        batch_size=None,
        sampler=range(start, recipe.steps),
        num_workers=workers,
        multiprocessing_context=_START if workers else None,
    )


def _save(
    weights: dict[str, "torch.Tensor"], steps: Steps, path: Path, *, step: int, spent: float
) -> None:
    from safetensors.torch import save_file

    tensors = {f"weight.{name}": value.detach() for name, value in weights.items()} | steps.state()
    fresh = path.with_suffix(".tmp")
    save_file(
        {name: value.cpu().contiguous() for name, value in tensors.items()},
        fresh,
        metadata={"step": str(step), "spent": str(spent)},
    )
    fresh.replace(path)


def _resume(weights: dict[str, "torch.Tensor"], steps: Steps, path: Path) -> tuple[int, float]:
    """The step to go on from and the seconds that were spent, 0 where there is no checkpoint."""
    import torch
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return 0, 0.0
    try:
        with safe_open(path, framework="pt") as file:
            step, spent = int(file.metadata()["step"]), float(file.metadata()["spent"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        with torch.no_grad():
            for name, weight in weights.items():
                weight.copy_(tensors[f"weight.{name}"])
        steps.resume(tensors)
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise UsageError(
            f"{path} is no checkpoint of such a training; remove it to begin anew: {error}"
        ) from None
    logger.info("going on from step %d", step)
    return step, spent


def _prepared(data: Path, work: Path, *, seed: int) -> Corpus:
    path = work / "corpus.json.xz"
    if not path.exists():
        logger.info("reading the corpus")
        corpus = read_corpus(data, seed=seed)
        logger.info("asking questions with retrieval")
        corpus.retrieved += ask_with_retrieval(corpus.questions, work / "retrieval")
        save(corpus, path)
    return load(path)


def _counts(corpus: Corpus) -> str:
    sets = ", ".join(
        f"{kind} {len(found.questions)} questions on {len(found.passages)} passages"
        for kind, found in corpus.questions.items()
    )
    return (
        f"{sets}; {len(corpus.documents)} documents, {len(corpus.pairs)} pairs, "
        f"{len(corpus.retrieved)} questions with retrieved passages; "
        f"left out: {dict(corpus.dropped)}"
    )


def _texts(corpus: Corpus) -> list[str]:
    """What the vocabulary is counted on, folded."""
    kinds = [kind for kind in corpus.questions if kind != "switched"]
    passages = [one.text for kind in kinds for one in corpus.questions[kind].passages]
    return [fold(text) for text in passages + corpus.documents]


def _sentences(corpus: Corpus) -> list[str]:
    return [fold(text) for pair in corpus.pairs for text in pair]


def _check_writer() -> None:
    """Fail before the training, not behind it."""
    if find_spec("onnx") is None:
        raise UsageError("the model's file is written by onnx: pip install onnx")


def _device(name: str) -> str:
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("there is no CUDA device here: leave --device out to train on the CPU")
    return name


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all steps of the training."""
    parser = argparse.ArgumentParser(prog="python -m rag.reader.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds train/ and dev/")
    parser.add_argument("--output", type=Path, required=True, help="the model folder to write")
    parser.add_argument("--work", type=Path, default=Path("var/reader-training"),
                        help="steps in between (default: %(default)s)")  # fmt: skip
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--workers", type=int, default=0, help="processes that draw batches")
    parser.add_argument("--minutes", type=float, help="train at most so long")
    defaults = Recipe()
    for name in ("steps", "places", "width", "layers", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(defaults, name))
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    names = ("minutes", "steps", "places", "width", "layers", "seed")
    recipe = replace(defaults, **{name: getattr(options, name) for name in names})
    work: Path = options.work
    work.mkdir(parents=True, exist_ok=True)
    try:
        _check_writer()
        device = _device(options.device)
        if recipe.width % HEAD:
            raise UsageError(f"--width is a multiple of {HEAD}, the width of a head")
        corpus = _prepared(options.data, work, seed=recipe.seed)
        logger.info("%s", _counts(corpus))
        pieces, rarity = choose_pieces(_texts(corpus), _sentences(corpus))
        vocabulary = Vocabulary(pieces, rarity)
        logger.info("cutting texts into %d pieces", len(vocabulary))
        tasks = Tasks(cut_corpus(corpus, vocabulary), vocabulary, recipe)
        weights = train(
            tasks,
            len(vocabulary),
            recipe,
            checkpoint=work / "checkpoint.safetensors",
            device=device,
            workers=options.workers,
        )
    except UsageError as error:
        parser.error(str(error))
    write_reader(options.output, exported(weights), pieces=pieces, rarity=rarity)
    (work / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
