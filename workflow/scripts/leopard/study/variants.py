"""Names of files of variants: which are VCFs, and how what is made of one is to end."""

import re

VCF_NAME = re.compile(r"\.vcf(\.b?gz)?$", re.IGNORECASE)


def vcf_ending(name: str) -> str | None:
    """How a VCF that is made of a file is to end, by the file's name; None if that is no VCF.

    Example:
        >>> vcf_ending("some.vcf"), vcf_ending("some.vcf.bgz"), vcf_ending("some.tsv")
        ('.vcf', '.vcf.gz', None)
    """
    found = VCF_NAME.search(name)
    return found and (".vcf.gz" if found[1] else ".vcf")
