"""Public formats of question sets, a module each: what they hold becomes articles and cases.

``squad``, ``beir`` and ``rgb`` read a set; ``trec`` reads and writes runs and judgements;
``collection`` is what the first three give, and writes it down.
"""
