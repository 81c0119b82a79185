"""How good the data is: intake of a new version, Great Expectations suites, runs, scores, scorecard, issues and
their answers.

`quality.expectations` and the `quality.engine*` modules are the only ones which speak Great Expectations;
importing this package, or any other module of it, loads neither that library nor pandas, so the web process
stays small.
"""
