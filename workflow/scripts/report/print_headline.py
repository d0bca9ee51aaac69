"""Print a study's headline table and where to look: `print_headline.py results/{study}`."""

import sys
from pathlib import Path

from leopard.genome.formats import read_table

study = Path(sys.argv[1])
summary = read_table(study / "evaluation" / "summary.tsv")
columns = ["cell_line", "model", "positive_rate", "average_precision", "auroc", "dice_best"]
print(f"\nHeld-out chromosomes, every base ({study.name}):\n")
print(summary[columns].to_string(index=False, float_format="{:.4f}".format))
answer = read_table(study / "evaluation" / "answer.tsv")
columns = ["cell_line", "model", "average_precision", "baseline", "gain", "verdict", "against"]
print("\nBeside the strongest baseline (evaluation/answer.tsv):\n")
print(answer[columns].fillna("").to_string(index=False, float_format="{:.3f}".format))
print(f"\nReport:       {study / 'report.html'}")
print(f"Tracks:       {study / 'predictions'}/*/*.bigWig (probabilities), *.narrowPeak (sites)")
print(f"Models:       {study / 'models'}/*/*/model.keras")
