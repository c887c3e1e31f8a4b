"""A chat model on this machine, by transformers: messages out, drafts back.

Any causal model with a chat template, from a folder or by its name on the hub. Only safetensors
are read, and no code of a model is run. The library is imported and the model loaded when the
first answer is asked for; both stay in memory after that.
"""

import logging
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

from index.errors import UsageError
from index.transformer import check_device
from rag.config import ModelConfig
from rag.generate import Draft, GeneratorError, NoAnswerError, Task
from rag.harmless import Harmless
from rag.prompts import PROMPT_VERSION, Prompt, fitting_prompt
from rag.reasoning import is_mark, thinks
from rag.written import CutShortError, drafts

if TYPE_CHECKING:
    import torch
    from transformers import (
        PreTrainedModel,
        PreTrainedTokenizerBase,
        StoppingCriteria,
        TextIteratorStreamer,
    )

__all__ = ["LocalModelGenerator", "chosen_device", "chosen_dtype"]

_GENERATING = threading.Lock()
"""One at a time in the process: so is torch's source of random numbers, and so are the cores."""

_CPUINFO = Path("/proc/cpuinfo")
# Tokenizers without a limit say 10^30.
_NO_LIMIT = 10_000_000
_PROBE = "youju-probe"
_log = logging.getLogger(__name__)


class LocalModelGenerator:
    """A generator by a local chat model. One answer is written at a time; others wait."""

    def __init__(self, model: str, *, config: ModelConfig) -> None:
        """Name a model; nothing is read yet."""
        self.name = f"transformers:{model} (prompt {PROMPT_VERSION})"
        self._spec = model
        self._config = config
        self._model: _Model | None = None
        self._loading = threading.Lock()

    def drafts(self, task: Task) -> Iterator[Draft]:
        """Write the answer, each sentence as soon as it is complete.

        The time limit counts from when the model is loaded. Closing the iterator stops the model
        behind its next token.

        Raises:
            GeneratorError: the prompt does not fit, time or memory ran out, the model failed.
            NoAnswerError: the model says that the passages do not answer the question.
            UsageError: there is no such model or device, or it is no chat model.
        """
        if not task.passages:
            raise NoAnswerError("there is no passage to answer from")
        with self._loading:
            if self._model is None:
                self._model = _Model(self._spec, config=self._config)
        end = time.monotonic() + self._config.deadline_s
        prompt, ids, thinking = self._model.encode(task)
        yield from drafts(
            self._model.pieces(ids, end=end),
            prompt.cited,
            question=task.question.searched,
            thinking=thinking,
        )


class _Model:
    """A loaded model with its tokenizer."""

    def __init__(self, spec: str, *, config: ModelConfig) -> None:
        import torch

        self._spec = spec
        self._config = config
        self._device = chosen_device(config.device)
        dtype: torch.dtype = getattr(torch, chosen_dtype(config.dtype, device=self._device))
        self._tokenizer, self._model = _load(spec, device=self._device, dtype=dtype)
        self._controls = _controls(self._tokenizer)
        self._control_ids = frozenset(
            self._tokenizer.convert_tokens_to_ids(control) for control in self._controls
        )
        self._harmless = Harmless(self._controls)
        # Marks of reasoning are read before they go (rag.reasoning).
        silent = [token for token in _specials(self._tokenizer) if not is_mark(token)]
        self._silent = re.compile("|".join(map(re.escape, silent)) or "(?!)")
        self._has_system = _takes_system(self._tokenizer, spec)
        # Tokenizers are not made for two threads at once, and two answers at once take as long
        # as one after the other.
        self._encoding = threading.Lock()

    @property
    def _longest(self) -> int:
        """How many tokens prompt and answer may have together."""
        text_config = self._model.config.get_text_config()
        limits = [getattr(text_config, "max_position_embeddings", None)]
        limits.append(self._tokenizer.model_max_length)
        return min(int(n) for n in (*limits, _NO_LIMIT) if n)

    def encode(self, task: Task) -> tuple[Prompt, "torch.Tensor", bool]:
        """Write and encode the prompt.

        Returns:
            The prompt, its ids ``(1, tokens)``, and whether it ends inside a block of reasoning.
        """
        config = self._config
        with self._encoding:
            prompt = fitting_prompt(
                task,
                budget=config.context_tokens,
                room=self._longest - config.max_tokens,
                count=self._count,
                measure=lambda prompt: self._count(self._rendered(prompt.system, prompt.user)),
                seed=config.seed,
                harmless=self._harmless,
            )
            rendered = self._rendered(prompt.system, prompt.user)
            ids = self._ids(rendered)
            bare = self._ids(self._rendered(_PROBE, _PROBE))
        if self._control_counts(ids) != self._control_counts(bare):
            # Harmless has failed for this tokenizer: better no answer than a forged turn.
            raise GeneratorError(
                f"a control token of {self._spec} stands in the question or a passage in a form "
                "that cannot be made harmless"
            )
        import torch

        return prompt, torch.tensor([ids], device=self._device), thinks(rendered)

    def pieces(self, ids: "torch.Tensor", *, end: float) -> Iterator[str]:
        """Generate from a prompt and give the text as it comes, until ``end`` on the clock.

        Raises:
            CutShortError: the longest answer was reached.
            GeneratorError: time or memory ran out, or the model failed.
        """
        from transformers import TextIteratorStreamer

        # Special tokens stay in: some models mark their reasoning with them.
        streamer = TextIteratorStreamer(
            self._tokenizer, skip_prompt=True, skip_special_tokens=False
        )
        watch = _Watch(end, prompt=ids.shape[1])
        threading.Thread(
            target=self._generate,
            args=(ids, streamer, watch),
            name="youju-generate",
            daemon=True,
        ).start()
        late = False
        try:
            while True:
                streamer.timeout = max(0.001, end - time.monotonic())
                try:
                    piece = next(streamer)
                except StopIteration:
                    break
                except Empty:
                    late = True
                    break
                if isinstance(piece, Exception):
                    raise self._explained(piece) from piece
                yield self._silent.sub("", piece)
        finally:
            watch.stop()
        if late or watch.late:
            raise GeneratorError(
                f"{self._spec} was not done within {self._config.deadline_s:g} s; raise "
                "deadline_s or lower max_tokens under [model], or choose a smaller model"
            )
        if watch.tokens >= self._config.max_tokens:
            raise CutShortError

    def _generate(
        self, ids: "torch.Tensor", streamer: "TextIteratorStreamer", watch: "_Watch"
    ) -> None:
        """Run the model; what goes wrong reaches the reader through the streamer's queue."""
        import torch
        from transformers import StoppingCriteriaList

        config = self._config
        generate: Any = self._model.generate  # its annotation is that of a module's attribute
        while not _GENERATING.acquire(timeout=0.05):
            if watch():
                return
        try:
            devices = [self._model.device] if self._device.startswith("cuda") else []
            sampling = {"temperature": config.temperature} if config.temperature > 0 else {}
            with torch.random.fork_rng(devices=devices):
                torch.manual_seed(config.seed)
                generate(
                    ids,
                    attention_mask=torch.ones_like(ids),
                    streamer=streamer,
                    stopping_criteria=StoppingCriteriaList([watch.criterion()]),
                    tokenizer=self._tokenizer,
                    max_new_tokens=config.max_tokens,
                    num_beams=1,
                    do_sample=bool(sampling),
                    eos_token_id=self._ends,
                    pad_token_id=self._pad,
                    **sampling,
                )
        # Raised again where the answer is awaited.
        except Exception as error:
            streamer.text_queue.put(error)
        finally:
            _GENERATING.release()

    def _explained(self, error: Exception) -> GeneratorError:
        if _is_out_of_memory(error):
            return GeneratorError(
                f"memory ran out while {self._spec} wrote; lower context_tokens under [model], or "
                "choose a smaller model or another device"
            )
        return GeneratorError(f"{self._spec} failed: {_first_line(error)}")

    @property
    def _ends(self) -> list[int]:
        """Tokens that end an answer: the model's own and its tokenizer's, which may differ."""
        own = self._model.generation_config.eos_token_id
        ids = list(own) if isinstance(own, list | tuple) else [own]
        ids.append(self._tokenizer.eos_token_id)
        return sorted({int(token) for token in ids if token is not None})

    @property
    def _pad(self) -> int | None:
        pad = self._tokenizer.pad_token_id
        if pad is not None:
            return int(pad)
        return self._ends[0] if self._ends else None

    def _rendered(self, system: str, user: str) -> str:
        return _render(self._tokenizer, system, user, has_system=self._has_system)

    def _ids(self, text: str) -> list[int]:
        encoded = self._tokenizer(text, add_special_tokens=False, verbose=False)
        return list(encoded["input_ids"])

    def _count(self, text: str) -> int:
        return len(self._ids(text))

    def _control_counts(self, ids: list[int]) -> Counter[int]:
        return Counter(token for token in ids if token in self._control_ids)


class _Watch:
    """Says when a model has to stop, and how far it came."""

    def __init__(self, end: float, *, prompt: int) -> None:
        self._end = end
        self._prompt = prompt
        self._stopped = threading.Event()
        self.tokens = 0
        self.late = False

    def stop(self) -> None:
        """Stop the model behind its next token."""
        self._stopped.set()

    def __call__(self) -> bool:
        return self._stopped.is_set() or time.monotonic() >= self._end

    def criterion(self) -> "StoppingCriteria":
        """The same as the library wants it."""
        import torch
        from transformers import StoppingCriteria

        watch = self

        class Criterion(StoppingCriteria):  # type: ignore[misc, unused-ignore]
            def __call__(
                self,
                input_ids: torch.Tensor,
                scores: torch.Tensor,  # noqa: ARG002 - the library's form
                **_: object,
            ) -> torch.Tensor:
                stop = watch()
                watch.tokens = input_ids.shape[1] - watch._prompt
                watch.late = stop
                return torch.full(
                    (input_ids.shape[0],), stop, dtype=torch.bool, device=input_ids.device
                )

        return Criterion()


def chosen_device(device: str) -> str:
    """The device that a setting names; ``auto`` is the best that is there.

    Raises:
        UsageError: torch knows no such device here.
    """
    import torch

    if device != "auto":
        check_device(device)
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def chosen_dtype(dtype: str, *, device: str, cpuinfo: Path = _CPUINFO) -> str:
    """The number format that a setting names; ``auto`` is the fastest that the device computes in.

    On processors that is bfloat16 only where they have AMX, which the kernel tells; with
    avx512_bf16 alone it is slower than float32 (docs/decisions/0012-language-models.md).
    """
    if dtype != "auto":
        return dtype
    if device.startswith("cuda"):
        import torch

        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    if device.startswith("mps"):
        return "float16"
    try:
        flags = cpuinfo.read_text(encoding="ascii", errors="replace")
    except OSError:
        return "float32"
    return "bfloat16" if re.search(r"\bamx_bf16\b", flags) else "float32"


def _load(
    spec: str, *, device: str, dtype: "torch.dtype"
) -> "tuple[PreTrainedTokenizerBase, PreTrainedModel]":
    """Load tokenizer and model.

    Raises:
        UsageError: there is no such model, it is incomplete or no chat model, or it needs code
            of its own.
        GeneratorError: it does not fit into memory.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging as library

    if not sys.stderr.isatty():
        library.disable_progress_bar()  # type: ignore[no-untyped-call]  # theirs
    folder = Path(spec).expanduser()
    if folder.is_dir():
        _check_folder(folder)
    elif spec.startswith((".", "/", "~")) or spec.count("/") > 1 or "\\" in spec:
        raise UsageError(
            f"there is no folder {spec!r}; write transformers:NAME with the folder of a chat model "
            "or its name on the hub"
        )
    name = str(folder) if folder.is_dir() else spec
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        if not tokenizer.chat_template:
            raise UsageError(
                f"the model {spec!r} has no chat template, so it is no chat model; choose the "
                "variant of it that is (…-Instruct, …-Chat, …-it)"
            )
        # A pair, because of the last argument; the library's annotation knows the model alone.
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            name,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=dtype,
            output_loading_info=True,
        )
        model, report = loaded
        if missing := sorted(report["missing_keys"]):
            # The library would draw them at random and go on.
            raise UsageError(
                f"the weights of {spec!r} lack {len(missing)} parts, such as {missing[0]}; "
                "download the model again"
            )
        model = model.to(device).eval()
    except UsageError:
        raise
    # The libraries each have their own types for a folder that is not as it should be.
    except Exception as error:
        if _is_out_of_memory(error):
            raise GeneratorError(
                f"{spec} does not fit into the memory of {device}; choose a smaller model or "
                "another device"
            ) from error
        raise UsageError(f"the model {spec!r} cannot be loaded: {_first_line(error)}") from error
    return tokenizer, model


def _check_folder(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise UsageError(f"no model at {str(folder)!r}: the folder has no config.json")
    if not any(folder.glob("*.safetensors")):
        raise UsageError(
            f"no model at {str(folder)!r}: there is no .safetensors file in the folder; a pickled "
            "model can run code and is not loaded"
        )


def _specials(tokenizer: "PreTrainedTokenizerBase") -> list[str]:
    """The special tokens of a tokenizer, as text."""
    added = tokenizer.added_tokens_decoder.values()
    return sorted({*tokenizer.all_special_tokens, *(t.content for t in added if t.special)})


def _controls(tokenizer: "PreTrainedTokenizerBase") -> list[str]:
    """The tokens that a text must not contain: special ones, and added ones that are no words.

    Some tokenizers add words or runs of blanks to their vocabulary, which steer nothing.
    """
    added = {token.content for token in tokenizer.added_tokens_decoder.values()}
    marks = {token for token in added if not token.isalnum() and token.strip(" \t\n▁Ġ")}
    return sorted(marks.union(_specials(tokenizer)))


def _takes_system(tokenizer: "PreTrainedTokenizerBase", spec: str) -> bool:
    """Tell whether the chat template has a system turn; some refuse it, some leave it out.

    Raises:
        UsageError: the template does not show what the user says.
    """
    try:
        if _PROBE in _render(tokenizer, _PROBE, "?", has_system=True):
            return True
    # Templates raise jinja2's errors, and Python's own.
    except Exception as error:
        _log.debug("%s takes no system turn: %s", spec, error)
    try:
        shown = _PROBE in _render(tokenizer, _PROBE, "?", has_system=False)
    except Exception as error:
        raise UsageError(f"the chat template of {spec!r} fails: {_first_line(error)}") from error
    if not shown:
        raise UsageError(f"the chat template of {spec!r} does not show what the user says")
    return False


def _render(
    tokenizer: "PreTrainedTokenizerBase", system: str, user: str, *, has_system: bool
) -> str:
    """The prompt as the model's template writes it; without a system turn, the user says all."""
    if has_system:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    else:
        messages = [{"role": "user", "content": f"{system}\n\n{user}"}]
    rendered = tokenizer.apply_chat_template(
        messages,
        tokenize=False,
        add_generation_prompt=True,
        # Templates that know no such switch do not look at it. Reasoning is hidden in any case,
        # and on a processor it takes minutes.
        enable_thinking=False,
    )
    return str(rendered)


def _is_out_of_memory(error: BaseException) -> bool:
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # Its allocator on the CPU raises a plain RuntimeError.
    return isinstance(error, RuntimeError) and "allocate memory" in str(error)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
