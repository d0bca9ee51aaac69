"""A genome and the signals of cell lines, which every study has, whatever it does with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from leopard.study.explained import EXPLAINED, MOTIFS, TAXA
from leopard.study.reads import Reads, kind_of
from leopard.study.refusals import refuse
from leopard.study.sources import Sources
from leopard.study.variants import vcf_ending

Config = dict[str, Any]


@dataclass(frozen=True)
class Cells:
    """Where the genome and the signals are given, and where they are made.

    Paths, not rules. A wildcard stays one where none is given.

    Attributes:
        config: With all defaults.
        shared: Directory of what does not depend on the factor.
        out: Directory of what does; the same in a study of one.
        leads: Whether it makes what several factors share.
        cell_lines: Those with a signal.
        sources: Inputs as they were located.
        sheets: Rows of the sample sheets.
        warnings: Lines to tell the user.
    """

    config: Config
    shared: str
    out: str
    leads: bool
    cell_lines: list[str]
    sources: Sources
    sheets: Mapping[str, Sequence[Mapping[str, str | None]]]
    warnings: list[str]

    @cached_property
    def genome(self) -> str:
        """The FASTA as given."""
        given = self.config["genome"]
        return self._locate(given["fasta"], "genome", "genome.fasta", given["checksum"])

    @cached_property
    def variants(self) -> list[str]:
        """The file of variants to score."""
        given = self.config["variants"]
        checksum = given["checksum"]
        files = [x for x in [given["file"]] if x]
        return [self._locate(x, "variants", "variants.file", checksum) for x in files]

    @cached_property
    def sites(self) -> list[str]:
        """A BED file of sites to explain, in place of called ones."""
        given = self.config["explain"]["sites"]
        return [self._locate(x, "sites", "explain.sites") for x in [given] if x]

    @property
    def jaspar_taxon(self) -> str | None:
        """The group of JASPAR that motifs are matched to; none for all of them, or another file."""
        given = self.config["explain"]["motif_database"]
        name, _, taxon = given.partition(" ")
        if name != "JASPAR" or not taxon:
            return None
        if taxon not in TAXA:
            problem = f"JASPAR has no group {taxon}"
            refuse("config (explain.motif_database)", problem, f"name one of {', '.join(TAXA)}")
        return taxon

    @cached_property
    def motif_database(self) -> list[str]:
        """A file of motifs to match patterns to, if they are not JASPAR's."""
        given = self.config["explain"]["motif_database"]
        _ = self.jaspar_taxon
        if given.split(" ")[0] == "JASPAR":
            return []
        return [self._locate(given, "motif_database", "explain.motif_database")]

    @property
    def fasta(self) -> str:
        """The genome, uncompressed."""
        return f"{self.shared}/genome/genome.fa"

    @property
    def fai(self) -> str:
        """Its index."""
        return f"{self.fasta}.fai"

    @cached_property
    def raw_signals(self) -> dict[str, dict[str, list[str]]]:
        """Signals as given, of all replicates, by cell line and track."""
        files: dict[str, dict[str, list[str]]] = {line: {} for line in self.cell_lines}
        for row in self.sheets["signals"]:
            line, track = str(row["cell_line"]), str(row["track"])
            sample = line, track, str(row["replicate"])
            counted = sample in self.reads
            path = self.counted(*sample) if counted else self._locate_signal(row)
            files[line].setdefault(track, []).append(path)
        return files

    @cached_property
    def reads(self) -> dict[tuple[str, str, str], Reads]:
        """What bigWigs are counted from, by cell line, track and replicate."""
        found = {}
        for row in self.sheets["signals"]:
            path, where = self._locate_signal(row), self._where(row)
            kind, barcodes = kind_of(path), [x for x in [row["barcodes"]] if x]
            if kind in ("alignments", "fragments") and row["assay"] is None:
                remedy = "say in a column assay whether it is atac, dnase or other"
                refuse(where, f"{row['signal']} holds reads, but of which assay", remedy)
            if barcodes and kind not in ("alignments", "fragments"):
                refuse(where, f"barcodes, but {row['signal']} has none", "leave that cell empty")
            if kind:
                sample = str(row["cell_line"]), str(row["track"]), str(row["replicate"])
                located = [self.sources.locate(x, "barcodes", where) for x in barcodes]
                found[sample] = Reads(path, row["assay"], located)
        return found

    def counted(
        self,
        cell_line: str = "{cell_line}",
        track: str = "{track}",
        replicate: str = "{replicate}",
    ) -> str:
        """The bigWig that is made of reads."""
        return f"{self.shared}/signals/reads/{cell_line}/{track}/{replicate}.bigWig"

    @property
    def checked(self) -> str:
        """All inputs as they were checked."""
        return f"{self.out}/inputs.tsv"

    @property
    def shared_checked(self) -> str:
        """The same of what factors share."""
        return f"{self.shared}/inputs.tsv"

    @property
    def genome_check(self) -> str:
        """What the check of the genome found."""
        return f"{self.shared}/checks/genome.tsv"

    def signal_check(self, cell_line: str = "{cell_line}", track: str = "{track}") -> str:
        """What the check of a cell line's signal found."""
        return f"{self.shared}/checks/{cell_line}.{track}.tsv"

    def prediction(self, model: str = "{model}", cell_line: str = "{cell_line}") -> str:
        """The track of a model in a cell line."""
        return f"{self.out}/predictions/{model}/{cell_line}.bigWig"

    def calls(self, model: str = "{model}", cell_line: str = "{cell_line}") -> str:
        """The called sites of a model in a cell line."""
        return f"{self.out}/predictions/{model}/{cell_line}.narrowPeak"

    @property
    def variant_results(self) -> dict[str, str]:
        """Scores of variants of a model in a cell line, by kind: table, vcf and its index."""
        name = f"{self.out}/variants/{{model}}/{{cell_line}}"
        results = {"table": f"{name}.tsv"}
        ending = vcf_ending(self.variants[0]) if self.variants else None
        if ending:
            results["vcf"] = f"{name}{ending}"
        if ending == ".vcf.gz":
            results["index"] = f"{name}{ending}.tbi"
        return results

    @property
    def variant_letters(self) -> str:
        """Contributions of the alleles that change most."""
        return f"{self.out}/variants/{{model}}/{{cell_line}}.contributions.npz"

    @property
    def explained(self) -> dict[str, str]:
        """Why sites of a cell line are called by a model, by kind of file."""
        directory = f"{self.out}/interpretation/{{model}}/{{cell_line}}"
        return {kind: f"{directory}/{name}" for kind, name in EXPLAINED.items()}

    @property
    def motifs_found(self) -> dict[str, str]:
        """The motifs in these contributions, by kind of file."""
        directory = f"{self.out}/interpretation/{{model}}/{{cell_line}}"
        return {kind: f"{directory}/{name}" for kind, name in MOTIFS.items()}

    @property
    def known_motifs(self) -> str:
        """The motifs that they are compared with."""
        return f"{self.shared}/inputs/motif_database.meme"

    @property
    def variant_settings(self) -> dict[str, int]:
        """The fields of `leopard.interpretation.alleles.Settings`."""
        keys = ("neighbourhood", "longest_allele", "background", "seed")
        return {key: self.config["variants"][key] for key in keys}

    def _where(self, row: Mapping[str, str | None]) -> str:
        return f"{self.config['signals']}, cell line {row['cell_line']}"

    def _locate_signal(self, row: Mapping[str, str | None]) -> str:
        return self.sources.locate(str(row["signal"]), "signal", self._where(row), row["checksum"])

    def _locate(self, source: str, role: str, key: str, checksum: str | None = None) -> str:
        return self.sources.locate(source, role, f"config ({key})", checksum)
