"""What the tests of language models share: tasks, and small chat models that are really loaded.

A model follows a script by its weights: every embedding is one-hot, the layers add nothing, and
the head maps each token to the one that follows it in the script. So real library code generates
a known text, as long as no token of it occurs twice.
"""

from index.article import Article, Chunk, Script
from index.passage import Passage
from rag.generate import Task
from rag.question import read_question

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NO_SYSTEM = (
    "{% for m in messages %}{% if m['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}"
    "<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# Leaves the system turn out without a word, as some templates do.
DEAF_SYSTEM = CHATML.replace(
    "{% for m in messages %}", "{% for m in messages if m['role'] != 'system' %}"
)
THINKING = CHATML.replace("assistant\n", "assistant\n<think>\n")

TEXTS = (
    "工行的手机银行用户达到4.16亿户，比上年末增长15.5%。",
    "建行的手机银行用户有3.51亿户。农行没有公布。",
)


def article(text, *, name="a", title="", source=None, published=None):
    return Article(
        id=name, text=text, title=title, path=f"{name}.md", language="zh",
        script=Script.SIMPLIFIED, encoding="utf-8", source=source, published=published,
    )  # fmt: skip


def task(question="工行有多少用户？", articles=None):
    """A task whose passages are whole articles."""
    if articles is None:
        articles = [article(text, name=f"a{n}") for n, text in enumerate(TEXTS)]
    passages = tuple(
        Passage(Chunk(f"{a.id}:0", a.id, 0, len(a.text), a.text), a, 1.0) for a in articles
    )
    return Task(read_question(question), passages, {})


def tokenizer_file(*, normalizer=None, added=(), special=(), words=()):
    """A byte-level BPE tokenizer that knows each of ``words`` whole."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*words] * 3, trainer)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>", *special])
    tokenizer.add_tokens([AddedToken(token, normalized=True) for token in added])
    return tokenizer


def chat_model(
    folder,
    *,
    script="",
    endless=False,
    random=False,
    template=CHATML,
    max_positions=4096,
    **tokenizer_parts,
):
    """Save a chat model that writes ``script``, or wanders through its vocabulary without one.

    ``random`` draws the head instead: what follows what is then a matter of sampling.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    raw = tokenizer_file(words=[script], **tokenizer_parts)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.chat_template = template
    end = tokenizer.eos_token_id
    first = tokenizer(
        tokenizer.apply_chat_template(
            [{"role": "user", "content": "?"}], tokenize=False, add_generation_prompt=True
        ),
        add_special_tokens=False,
    )["input_ids"][-1]
    follows = _followers(tokenizer, script, first=first, end=end, endless=endless)

    size = len(tokenizer) + len(tokenizer) % 2
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=size, hidden_size=size, intermediate_size=8, num_hidden_layers=1,
            num_attention_heads=1, num_key_value_heads=1, max_position_embeddings=max_positions,
            tie_word_embeddings=False, eos_token_id=end, pad_token_id=tokenizer.pad_token_id,
        )
    )  # fmt: skip
    with torch.no_grad():
        model.model.embed_tokens.weight.copy_(torch.eye(size))
        model.model.layers[0].self_attn.o_proj.weight.zero_()
        model.model.layers[0].mlp.down_proj.weight.zero_()
        model.lm_head.weight.zero_()
        if random:
            torch.nn.init.normal_(model.lm_head.weight, std=0.05)
            model.lm_head.weight[end] = -1.0
            follows = {}
        for token, follower in follows.items():
            model.lm_head.weight[follower, token] = 10.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _followers(tokenizer, script, *, first, end, endless):
    if not script:
        # All around the vocabulary, and never to the end.
        ids = [n for n in range(len(tokenizer)) if n not in tokenizer.all_special_ids]
        return dict(zip(ids, [*ids[1:], ids[0]], strict=True))
    ids = [first, *tokenizer(script, add_special_tokens=False)["input_ids"]]
    assert len(set(ids)) == len(ids), tokenizer.convert_ids_to_tokens(ids)
    return dict(zip(ids, [*ids[1:], ids[1] if endless else end], strict=True))
