"""Scores of the demo's variants against what they change, which is known.

A row for each kind of place: how many variants it has, the rank correlation of both scores with the
change of the matrix score, and the share of them that has a p value of 0.05 or less. The last line
is the area under the ROC curve of the scores' distances from 0: variants in open sites that change
the matrix by 2 bits or more, against those outside of all sites.
"""

import argparse
from pathlib import Path

import pandas as pd
import pysam
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

SCORES = ("logit_difference", "floored_difference")
P_VALUE = 0.05
LEAST = 2.0
"""Bits that a variant changes, at least, to be told from one that changes nothing."""


def read_truth(study: Path, cell_line: str) -> pd.DataFrame:
    """Variants: chr, pos, allele1, allele2, change; open and bound of their sites."""
    rows = []
    with pysam.VariantFile(str(study / "simulated/variants.vcf")) as records:
        for x in records:
            site = x.info.get("SITE", 0)
            rows.append((x.chrom, x.pos, x.ref, *(x.alts or ()), x.info["CHANGE"], site - 1))
    names = ["chr", "pos", "allele1", "allele2", "change", "start"]
    sites = pd.read_csv(study / "simulated/truth.tsv", sep="\t").rename(
        columns={"chrom": "chr", f"{cell_line}.open": "open", f"{cell_line}.bound": "bound"}
    )
    kept = sites[["chr", "start", "open", "bound"]]
    return pd.DataFrame(rows, columns=names).merge(kept, how="left", on=["chr", "start"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, help="its results, such as results/demo")
    parser.add_argument("--model", default="unet", help="default unet")
    parser.add_argument("--cell-line", default="gamma", help="default gamma")
    arguments = parser.parse_args()

    file = arguments.study / "variants" / arguments.model / f"{arguments.cell_line}.tsv"
    scores = pd.read_csv(file, sep="\t")
    table = read_truth(arguments.study, arguments.cell_line).merge(
        scores, on=["chr", "pos", "allele1", "allele2"]
    )
    opened, outside = table["open"] == 1, table["start"] < 0
    told = opened & (table["change"].abs() >= LEAST)
    both = table[told | outside]
    print("variants", "n", *SCORES, f"p <= {P_VALUE:g}", sep="\t")
    for name, rows in {
        "in open sites": opened,
        "in bound sites": table["bound"] == 1,
        "in closed sites": table["open"] == 0,
    }.items():
        some = table[rows]
        ranks = [f"{spearmanr(some[x], some['change'])[0]:.2f}" for x in SCORES]
        print(name, len(some), *ranks, _share(some), sep="\t")
    print("outside of sites", outside.sum(), "", "", _share(table[outside]), sep="\t")
    areas = [f"{roc_auc_score(both['start'] >= 0, both[x].abs()):.3f}" for x in SCORES]
    print(f"AUROC, {LEAST:g} bits or more against outside", len(both), *areas, "", sep="\t")


def _share(rows: pd.DataFrame) -> str:
    return f"{(rows['floored_difference.pval'] <= P_VALUE).mean():.2f}"


if __name__ == "__main__":
    main()
