"""How far a network sees: which bases an output depends on, from the architecture alone.

Position i of a tensor lies at base ``stride * i`` and depends on bases
``[stride * i + low, stride * i + high]``. Layer by layer, from the inputs to the output, these
numbers follow by interval arithmetic (Araujo, Norris & Sim, Distill 2019, who do so for
convolutions); where branches meet, the wider interval holds. A layer that is not in this table is
refused: tiles of a genome are only exact if what lies beyond them is known not to matter.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import keras
from keras import layers

from leopard.errors import InputError
from leopard.models.encoding import InputEncoding
from leopard.models.normalization import BatchNormalization, Bound

AXIS = 1
"""Of positions, in [batch, length] and [batch, length, channels]."""


@dataclass(frozen=True)
class View:
    """What a tensor sees of an input of length L, a multiple of every stride.

    The tensor has L / stride + extra positions.
    """

    stride: Fraction = Fraction(1)
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)
    extra: int = 0


@dataclass(frozen=True)
class Reach:
    """Bases to the left and right of a position that its output can depend on, and the grid.

    The grid is what the input's length, and the start of a tile, must be a multiple of.
    """

    left: int
    right: int
    grid: int

    @property
    def halo(self) -> int:
        """The farther of the two, rounded up to the grid."""
        return -(-max(self.left, self.right) // self.grid) * self.grid


class UnderivableError(Exception):
    """A layer of which it is not known what its output depends on."""


def slide(view: View, taps: int, step: int, pads: tuple[int, int]) -> View:
    """Position j from the `taps` positions from step j - pads[0] on, of a tensor padded by `pads`.

    Every position that such a layer leaves out, at either end, would have depended on one that its
    input lacks. Hence what a tile's edge changes is within reach of the edge, and nothing else is.
    """
    first = -pads[0]
    return View(
        view.stride * step,
        view.low + view.stride * first,
        view.high + view.stride * (first + taps - 1),
        (view.extra + sum(pads) - taps) // step + 1,
    )


def spread(view: View, taps: int, step: int, crop: int, extra: int) -> View:
    """Position i to the `taps` positions from step i - crop on, and `extra` more than step n."""
    stride = view.stride / step
    # Which inputs meet at position j = step q + r, of each phase r, counted from q.
    first = min(-((taps - 1 - crop - r) // step) - Fraction(r, step) for r in range(step))
    last = max((r + crop) // step - Fraction(r, step) for r in range(step))
    low, high = view.low + view.stride * first, view.high + view.stride * last
    return View(stride, low, high, view.extra * step + extra)


def _convolve(layer: Any, view: View) -> View:
    taps = (layer.kernel_size[0] - 1) * layer.dilation_rate[0] + 1
    return _slide_padded(view, taps, layer.strides[0], layer.padding)


def _pool(layer: Any, view: View) -> View:
    return _slide_padded(view, layer.pool_size[0], layer.strides[0], layer.padding)


def _slide_padded(view: View, taps: int, step: int, padding: str) -> View:
    """`slide` with the padding of that name, in TensorFlow and JAX alike."""
    if padding == "causal":
        return slide(view, taps, step, (taps - 1, 0))
    if padding == "valid":
        return slide(view, taps, step, (0, 0))
    length = -(-view.extra // step)  # of the output, as all lengths here less a multiple of step
    total = max((length - 1) * step + taps - view.extra, 0)
    return slide(view, taps, step, (total // 2, total - total // 2))


def _convolve_transposed(layer: Any, view: View) -> View:
    if layer.output_padding not in (None, (None,)):
        raise UnderivableError("with output_padding")
    step = layer.strides[0]
    taps = (layer.kernel_size[0] - 1) * layer.dilation_rate[0] + 1
    beyond = max(taps - step, 0)
    if layer.padding == "same":
        return spread(view, taps, step, beyond // 2, 0)
    return spread(view, taps, step, 0, beyond)


def _upsample(layer: Any, view: View) -> View:
    return spread(view, layer.size, layer.size, 0, 0)


def _pad(layer: Any, view: View) -> View:
    return slide(view, 1, 1, layer.padding)


def _crop(layer: Any, view: View) -> View:
    """As if it read what it drops: a tile's edge must not lose what only the edge knows."""
    left, right = layer.cropping
    return slide(view, left + right + 1, 1, (0, 0))


def _keep(layer: Any, view: View) -> View:
    return view


def _along_channels(layer: Any, *views: View) -> View:
    axes = layer.axis if isinstance(layer.axis, Sequence) else [layer.axis]
    if any(axis not in (-1, 2) for axis in axes):
        raise UnderivableError("over another axis than the last")
    return _join(layer, *views)


def _share_slopes(layer: Any, view: View) -> View:
    if AXIS not in (layer.shared_axes or ()):
        raise UnderivableError("with a slope for each position")
    return view


def _join(layer: Any, *views: View) -> View:
    if len({(view.stride, view.extra) for view in views}) > 1:
        raise UnderivableError("of tensors that differ in length")
    low, high = min(view.low for view in views), max(view.high for view in views)
    return replace(views[0], low=low, high=high)


KINDS: dict[Callable[..., View], tuple[type, ...]] = {
    _convolve: (layers.Conv1D, layers.SeparableConv1D, layers.DepthwiseConv1D),
    _convolve_transposed: (layers.Conv1DTranspose,),
    _pool: (layers.MaxPooling1D, layers.AveragePooling1D),
    _upsample: (layers.UpSampling1D,),
    _pad: (layers.ZeroPadding1D,),
    _crop: (layers.Cropping1D,),
    _join: (
        *(layers.Add, layers.Subtract, layers.Multiply, layers.Average),
        *(layers.Maximum, layers.Minimum, InputEncoding),
    ),
    _along_channels: (
        *(layers.Concatenate, layers.Softmax, layers.LayerNormalization),
        *(layers.BatchNormalization, BatchNormalization),
    ),
    _share_slopes: (layers.PReLU,),
    _keep: (
        *(layers.Activation, layers.ReLU, layers.LeakyReLU, layers.ELU, layers.Identity),
        *(layers.Dense, layers.Embedding, layers.Rescaling, layers.Dropout),
        *(layers.SpatialDropout1D, layers.GaussianDropout, layers.GaussianNoise, Bound),
    ),
}
RULES = {kind: rule for rule, kinds in KINDS.items() for kind in kinds}
"""What each layer does to the view; kinds derived from these may do anything, so only the exact."""


def _apply(layer: Any, views: Sequence[View], inputs: Sequence[Any]) -> View:
    """The view of a layer's output.

    Raises:
        UnderivableError: Not a layer, or not with settings, whose rule is known.
    """
    rule = RULES.get(type(layer))
    if rule is None:
        raise UnderivableError
    # Of [batch, length] the last axis is that of positions; Embedding adds one.
    mixes_last = {layers.Activation, layers.Dense, layers.Softmax, layers.Concatenate}
    if type(layer) in mixes_last and any(len(x.shape) != 3 for x in inputs):
        raise UnderivableError("of tensors without channels")
    if getattr(layer, "data_format", "channels_last") not in ("channels_last", None):
        raise UnderivableError("with channels first")
    activation = getattr(layer, "activation", None)
    name = getattr(activation, "__name__", "")
    if activation is not None and getattr(keras.activations, name, None) is not activation:
        raise UnderivableError("with an activation of its own")
    return rule(layer, *views)


def _walk(model: Any, given: Sequence[View], strides: set[Fraction]) -> list[View]:
    """The views of a model's outputs, from those of its inputs; the strides met are added."""
    model = getattr(model, "_functional", None) or model  # what a Sequential is inside
    if not hasattr(model, "_nodes_by_depth"):
        raise _refusal(model, "")
    views = {id(tensor): view for tensor, view in zip(model.inputs, given, strict=True)}
    for _, nodes in sorted(model._nodes_by_depth.items(), reverse=True):
        for node in nodes:
            if node.is_input:
                continue
            layer = node.operation
            seen = [views[id(tensor)] for tensor in node.input_tensors]
            if isinstance(layer, keras.Model):
                out = _walk(layer, seen, strides)
            else:
                try:
                    out = [_apply(layer, seen, node.input_tensors)]
                except UnderivableError as error:
                    raise _refusal(layer, str(error)) from None
            strides.update(view.stride for view in out)
            views.update((id(x), view) for x, view in zip(node.outputs, out, strict=True))
    return [views[id(tensor)] for tensor in model.outputs]


def _refusal(layer: Any, detail: str) -> InputError:
    kind = f"{type(layer).__name__} {detail}".strip()
    return InputError(
        f"layer {layer.name} ({kind})",
        "what an output depends on cannot be derived, so a genome cannot be decoded by tiles",
        "build the network of layers that leopard.models.reach knows",
    )


def derive_reach(model: keras.Model) -> Reach:
    """Derive how far a network sees.

    Args:
        model: Functional or Sequential, others nested in it at will; its inputs are
            [batch, length] or [batch, length, channels], of any length.

    Raises:
        InputError: A layer's reach cannot be derived, or the output is not as long as the input.

    Example:
        >>> from leopard import build
        >>> reach = derive_reach(build("unet", prior=0.01))
        >>> reach.grid, reach.halo
        (32, 608)
    """
    strides = {Fraction(1)}
    outputs = _walk(model, [View()] * len(model.inputs), strides)
    for view in outputs:
        if (view.stride, view.extra) != (1, 0):
            length = f"L / {view.stride}" if view.stride > 1 else f"{1 / view.stride} L"
            length = "L" if view.stride == 1 else length
            raise InputError(
                f"network {model.name}",
                f"its output has {length} {view.extra:+d} positions for L bases, not L",
                "pad every convolution (padding: same) and undo every pooling",
            )
    fixed = [x.shape[AXIS] for x in model.inputs if x.shape[AXIS] is not None]
    if fixed:
        raise InputError(
            f"network {model.name}", f"it only takes {fixed[0]} bases", "leave the length open"
        )
    return Reach(
        left=max(0, *(math.floor(-view.low) for view in outputs)),
        right=max(0, *(math.floor(view.high) for view in outputs)),
        grid=math.lcm(*(stride.numerator for stride in strides)),
    )
