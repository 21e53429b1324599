"""The protocols of partner systems, SP-DCI v1.0 and G2P Connect: pure, so times, ids and keys are arguments.

What is written satisfies the published schemas; what is read may be what real systems send instead.
"""
