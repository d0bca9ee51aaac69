"""The networks that can be trained: a module each, called as the network is, with a `build`.

`build(channels, output_bias, batch_norm_momentum)` returns a network of input
[batch, length, channels] and output [batch, length, 1], of any length. A module that is put here
is known to configs by its name.
"""
