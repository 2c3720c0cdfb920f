"""The raw webhook (原样接收): what a vendor sends is kept first, sealed, then mapped to touchpoints; what cannot be read or
mapped is a dead letter (死信) until somebody mends its mapping and has it replayed, or discards it.

A *delivery* is one request. Its row is a *letter*: operational, numbered in order of receiving, sealed under a key of its
own, which is destroyed as soon as the letter has become touchpoints or was discarded.
"""
