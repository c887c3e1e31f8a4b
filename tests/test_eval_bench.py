"""The table of times."""

from eval.bench import Row, table


def test_the_bench_names_what_missed_its_target():
    text = table([Row("python", 0.1, None), Row("a", 0.5, 1.0), Row("b", 2.0, 1.0)])
    assert text.splitlines()[2].split() == ["a", "0.500", "5.0", "1.0"]
    assert text.splitlines()[3].split() == ["b", "2.000", "20.0", "1.0", "missed"]
