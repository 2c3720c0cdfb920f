"""An invented estate whose touchpoints look like those of a real one: for the demo, the benchmarks and the tests.

Everything follows from a seed and a base instant: the same two give the same events with the same ids, for ever.
"""
