"""Files of variants, read line by line: VCF 4.x, plain, gzip or bgzip; or a tab-separated table.

What is written again is the line as it was, so that nothing of it is lost. Positions in files are
1-based.
"""

import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from leopard.errors import InputError
from leopard.genome.formats import TEXT, file_errors, open_compressed
from leopard.study.variants import vcf_ending

VCF_COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
TABLE_COLUMNS = ("chr", "pos", "allele1", "allele2", "variant_id")
"""Those of a table without a header, too, as variant-scorer has them."""

CONTIG = re.compile(r"##contig=<(?:.*,)?ID=([^,>]+)(?:,.*)?>")
LENGTH = re.compile(r"[<,]length=(\d+)[,>]")
EOF_BLOCK = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The empty block that ends every bgzip file (SAM specification, section 4.1.2)."""


class Record(NamedTuple):
    """A line of a file of variants.

    Attributes:
        number: Of the line, from 1.
        fields: All of its columns.
        chrom: The chromosome.
        start: First base of `reference`, 0-based.
        name: Of the variant; "." for none.
        reference: The reference's allele, upper case.
        alternatives: The other alleles, as they are written but in upper case.
    """

    number: int
    fields: Sequence[str]
    chrom: str
    start: int
    name: str
    reference: str
    alternatives: Sequence[str]


class VariantFile:
    """A file of variants, its header read.

    Args:
        path: A VCF, if it is called .vcf, .vcf.gz or .vcf.bgz, or begins like one; else a table.

    Attributes:
        is_vcf: Which of the two it is.
        header: Lines of a VCF before the records.
        columns: Names of the columns.

    Raises:
        InputError: Neither of them, or a VCF without its header.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        _check_ending(path)
        self.header: list[str] = []
        with file_errors(path), closing(self._lines()) as lines:
            _, first = next(lines, (0, ""))
            self.is_vcf = vcf_ending(path.name) is not None or first.startswith("##fileformat=VCF")
            if self.is_vcf:
                self._read_header(first, lines)
            else:
                self._read_columns(first)

    def _read_header(self, first: str, lines: Iterator[tuple[int, str]]) -> None:
        if not re.match(r"##fileformat=VCFv4\.\d", first):
            problem = "a VCF without its header: the first line is not ##fileformat=VCFv4"
            raise InputError(self.path, problem, "add it, or make the file anew as VCF 4")
        self.header = [first]
        for _, line in lines:
            if not line.startswith("#"):
                break
            self.header.append(line)
            if line.startswith("#CHROM"):
                break
        self.columns = self.header[-1].split("\t")
        if tuple(self.columns[: len(VCF_COLUMNS)]) != VCF_COLUMNS:
            problem = "a VCF without the line #CHROM POS ID REF ALT QUAL FILTER INFO"
            raise InputError(self.path, problem, "add it before the records")
        self._skipped = len(self.header)
        self._at = dict(zip(VCF_COLUMNS, range(len(VCF_COLUMNS)), strict=True))
        self._names = ("#CHROM", "POS", "ID", "REF", "ALT")

    def _read_columns(self, first: str) -> None:
        fields = first.removeprefix("#").split("\t")
        needed = TABLE_COLUMNS[:4]
        if set(needed) <= set(fields):
            self.columns, self._skipped = fields, 1
        elif len(fields) == len(TABLE_COLUMNS) and fields[1].isdecimal():
            self.columns, self._skipped = list(TABLE_COLUMNS), 0
        else:
            problem = f"neither a VCF nor a table with the columns {', '.join(needed)}"
            raise InputError(self.path, problem, "name them in the first line, with tabs between")
        self._at = {name: number for number, name in enumerate(self.columns)}
        self._names = ("chr", "pos", "variant_id", "allele1", "allele2")

    @property
    def contigs(self) -> dict[str, int]:
        """Lengths of chromosomes, as far as the header of a VCF tells them."""
        found = {}
        for line in self.header:
            name, length = CONTIG.match(line), LENGTH.search(line)
            if name and length:
                found[name[1]] = int(length[1])
        return found

    def _lines(self) -> Generator[tuple[int, str]]:
        """Numbers and texts of all lines."""
        with open_compressed(self.path) as stream:
            for number, line in enumerate(stream, 1):
                text = line.decode(TEXT if number == 1 else "utf-8")
                if not text.endswith("\n"):
                    problem = "it ends in the middle of a line: truncated?"
                    remedy = "fetch it again, or end the line if it is whole"
                    raise InputError(f"{self.path}:{number}", problem, remedy)
                yield number, text.rstrip("\r\n")

    def __iter__(self) -> Iterator[Record]:
        """The records, in order.

        Raises:
            InputError: A line that is none, or one that is not in its place.
        """
        seen: set[str] = set()
        before = "", -1
        with file_errors(self.path), closing(self._lines()) as lines:
            for number, line in lines:
                if number <= self._skipped or not line:
                    continue
                record = self._parse(number, line)
                here = record.chrom, record.start
                if here[0] != before[0]:
                    if here[0] in seen:
                        self._refuse_order(number, here, before)
                    seen.add(here[0])
                elif here[1] < before[1]:
                    self._refuse_order(number, here, before)
                before = here
                yield record
        if not seen:
            raise InputError(self.path, "no records", "give a file with variants")

    def _refuse_order(self, number: int, here: tuple[str, int], before: tuple[str, int]) -> None:
        problem = f"not sorted: {here[0]}:{here[1] + 1} after {before[0]}:{before[1] + 1}"
        raise InputError(f"{self.path}:{number}", problem, "sort it, as with bcftools sort")

    def _parse(self, number: int, line: str) -> Record:
        where, fields = f"{self.path}:{number}", line.split("\t")
        if len(fields) != len(self.columns):
            problem = f"{len(fields)} columns, not {len(self.columns)}"
            raise InputError(where, problem, "correct the line; is the file truncated?")
        own = {name: fields[self._at[name]] for name in self._names if name in self._at}
        chrom, position, name, reference, alternatives = (own.get(x, ".") for x in self._names)
        if not re.fullmatch(r"[0-9]{1,12}", position):
            raise InputError(where, f"the position {position[:20]!r} is no number", "correct it")
        if not chrom or not re.fullmatch("[A-Za-z]+", reference):
            problem = f"the reference's allele {reference[:20]!r} is not made of bases"
            raise InputError(where, problem, "correct the line")
        several = alternatives.upper().split(",")
        return Record(number, fields, chrom, int(position) - 1, name, reference.upper(), several)


def _check_ending(path: Path) -> None:
    """Raise InputError for BCF, and for a bgzip file that lacks its end."""
    with file_errors(path), path.open("rb") as stream:
        head = stream.read(18)
        size = stream.seek(0, 2)
        stream.seek(max(size - len(EOF_BLOCK), 0))
        tail = stream.read()
    if not size:
        raise InputError(path, "empty", "give a file with variants")
    blocked = head[:4] == EOF_BLOCK[:4] and head[12:14] == b"BC"
    if blocked and tail != EOF_BLOCK:
        raise InputError(path, "truncated: it lacks the end of a bgzip file", "fetch it again")
    if blocked or head[:3] == b"BCF":
        with file_errors(path), open_compressed(path) as stream:
            if stream.read(3) == b"BCF":
                remedy = "convert it, as with bcftools view -Oz"
                raise InputError(path, "a BCF, which is not read here", remedy)
