"""How good the data is: intake of a new version, Great Expectations suites, runs, scores, scorecard, issues and
their answers.

`quality.engines` is the only package which speaks Great Expectations; importing this package, or any other of it,
loads neither that library nor pandas, so the web process stays small.
"""
