"""Cases, measurements and benchmarks. Import its modules by name: ``from eval.cases import …``."""
