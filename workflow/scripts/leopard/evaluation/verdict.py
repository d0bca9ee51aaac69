"""Whether to trust a model in a cell line: a rule, and the evidence that it asks for."""

from collections.abc import Mapping
from dataclasses import dataclass

LEAST_GAIN = 1.05
"""Average precision over a baseline's from which on a model is better: two trainings of one model
differ by as much as that."""

CALIBRATED = 0.15
"""How far the sum of probabilities may be from the number of bound bases."""

RANGE = 2.0
"""How many times above the highest, or below the lowest, of the training cell lines the
accessibility of a cell line may be."""

RULE = (
    "A model is no better than a baseline if its average precision over all test chromosomes is "
    f"less than {LEAST_GAIN:g} times that of the strongest. It is worth trusting if, besides, it "
    "is above the strongest baseline on every test chromosome, and on cell-type-specific sites, "
    "those that are not bound in all labelled cell lines; if its probabilities add up to the "
    f"number of bound bases within {CALIBRATED:.0%}; and if the accessibility of the cell line, "
    f"by the value that its highest hundredth reaches, is within {RANGE:g} times the range of the "
    "training cell lines. Otherwise it is doubtful, for the reasons given. What cannot be "
    "measured, such as specific sites where only one cell line is labelled, does not count."
)

TRUSTED, DOUBTFUL = "worth trusting", "doubtful"


@dataclass(frozen=True)
class Evidence:
    """What is known of a model in a cell line; None where it is not known.

    Attributes:
        baseline: The strongest baseline over all test chromosomes.
        gain: Average precision over that baseline's.
        gains: By test chromosome, average precision over that of the strongest baseline there.
        specific_gain: The same on cell-type-specific sites.
        calibration_ratio: Sum of probabilities over the number of bound bases.
        accessibility_ratio: Accessibility over the nearest value in the range of the training cell
            lines; 1 within it.
    """

    baseline: str
    gain: float
    gains: Mapping[str, float]
    specific_gain: float | None = None
    calibration_ratio: float | None = None
    accessibility_ratio: float | None = None


def judge(evidence: Evidence) -> tuple[str, list[str]]:
    """The verdict by `RULE`, and what speaks against the model."""
    if not evidence.gain >= LEAST_GAIN:
        return f"no better than {evidence.baseline}", [
            f"{evidence.gain:.2f} times the average precision of {evidence.baseline}"
        ]
    against = []
    if worse := [chrom for chrom, gain in evidence.gains.items() if gain <= 1]:
        against.append(f"no better than a baseline on {', '.join(worse)}")
    if evidence.specific_gain is not None and evidence.specific_gain <= 1:
        against.append("no better than a baseline on cell-type-specific sites")
    ratio = evidence.calibration_ratio
    if ratio is not None and abs(ratio - 1) > CALIBRATED:
        against.append(f"probabilities add up to {ratio:.2f} times the bound bases")
    ratio = evidence.accessibility_ratio
    if ratio is not None and not 1 / RANGE <= ratio <= RANGE:
        against.append(f"accessibility is {ratio:.2g} times that of the nearest training cell line")
    return (DOUBTFUL, against) if against else (TRUSTED, [])
