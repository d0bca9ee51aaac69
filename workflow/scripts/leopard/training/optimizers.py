"""Optimizers by name."""

from collections.abc import Sequence
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="leopard")
class FusedAdam(keras.optimizers.Adam):
    """Keras' Adam for TensorFlow, each variable updated by its one operation for that.

    Keras writes the same arithmetic out in dozens of small operations a variable, which then are
    most of a training step's graph, and most of the time that it takes to make.
    """

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[keras.Variable] | None = None
    ) -> None:
        """Update all variables, with scalars that are in the graph once."""
        step = keras.ops.cast(self.iterations + 1, "float32")
        self._scalars = {
            "beta1": keras.ops.convert_to_tensor(self.beta_1, "float32"),
            "beta2": keras.ops.convert_to_tensor(self.beta_2, "float32"),
            "beta1_power": keras.ops.power(self.beta_1, step),
            "beta2_power": keras.ops.power(self.beta_2, step),
            "epsilon": keras.ops.convert_to_tensor(self.epsilon, "float32"),
        }
        super().apply(grads, trainable_variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable, float32 as all weights are whatever the compute precision."""
        import tensorflow as tf

        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            lr=learning_rate,
            grad=gradient,
            **self._scalars,
        )


OPTIMIZERS: dict[str, type[keras.optimizers.Optimizer]] = {
    "adam": FusedAdam if keras.backend.backend() == "tensorflow" else keras.optimizers.Adam,
    "sgd": keras.optimizers.SGD,
}
