# What every study is given: downloaded, unpacked, counted, and checked.
# Needs: the genome, signals and whatever else the config names, by URL or path.
# Makes: inputs/ (downloads), genome/genome.fa (+ .fai), checks/ of genome and signals, and
#        inputs.tsv, which exists only if all inputs fit together; inputs/motif_database.meme, which
#        motifs are compared with;
#        signals/reads/{cell_line}/{track}/{replicate}.bigWig, counted from reads, fragments or a
#        bedGraph.


from leopard.study.sources import OWN_ROLES, SHARED_ROLES


rule download_file:
    output:
        ensure(f"{study.out}/inputs/{{role}}/{{name}}", non_empty=True),
    log:
        f"{study.out}/logs/download_file/{{role}}/{{name}}.log",
    benchmark:
        f"{study.out}/benchmarks/download_file/{{role}}/{{name}}.tsv"
    wildcard_constraints:
        role="|".join(OWN_ROLES if study.out != study.shared else OWN_ROLES + SHARED_ROLES),
        name="[^/]+",
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(600),
    params:
        source=lambda w: study.sources.downloads[f"{study.out}/inputs/{w.role}/{w.name}"],
    script:
        "../scripts/inputs/download.py"


if study.leads and study.out != study.shared:

    use rule download_file as download_shared_file with:
        output:
            ensure(f"{study.shared}/inputs/{{role}}/{{name}}", non_empty=True),
        log:
            f"{study.shared}/logs/download_file/{{role}}/{{name}}.log",
        benchmark:
            f"{study.shared}/benchmarks/download_file/{{role}}/{{name}}.tsv"
        wildcard_constraints:
            role="|".join(SHARED_ROLES),
            name="[^/]+",
        params:
            source=lambda w: study.sources.downloads[f"{study.shared}/inputs/{w.role}/{w.name}"],


if study.leads:

    rule prepare_genome:
        input:
            present([study.genome]),
        output:
            fasta=study.fasta,
            fai=study.fai,
        log:
            f"{study.shared}/logs/prepare_genome.log",
        benchmark:
            f"{study.shared}/benchmarks/prepare_genome.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(2000),
            runtime=grows(60),
        script:
            "../scripts/inputs/prepare_genome.py"


if study.leads:

    rule check_genome:
        input:
            fasta=study.fasta,
            fai=study.fai,
            exclusions=present(study.exclusions),
            regions=present(study.regions),
        output:
            study.genome_check,
        log:
            f"{study.shared}/logs/check_genome.log",
        benchmark:
            f"{study.shared}/benchmarks/check_genome.tsv"
        retries: 0  # an input that does not fit is no better the next time
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(2000),
            runtime=grows(10),
        params:
            chromosomes=study.chromosomes,
            decoded=study.decoded,
            window_length=study.window_length,
        script:
            "../scripts/inputs/check_genome.py"


if study.leads:

    rule write_motif_database:
        input:
            present(study.motif_database),
        output:
            study.known_motifs,
        log:
            f"{study.shared}/logs/write_motif_database.log",
        benchmark:
            f"{study.shared}/benchmarks/write_motif_database.tsv"
        retries: 0
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(1000),
            runtime=grows(10),
        params:
            taxon=study.jaspar_taxon,
        script:
            "../scripts/inputs/write_motif_database.py"


if study.leads and study.reads:

    rule count_reads:
        input:
            fai=study.fai,
            reads=present(lambda w: [study.reads[w.cell_line, w.track, w.replicate].path]),
            barcodes=present(lambda w: study.reads[w.cell_line, w.track, w.replicate].barcodes),
            bundle=study.counted_as,
        output:
            study.counted(),
        log:
            f"{study.shared}/logs/count_reads/{{cell_line}}/{{track}}/{{replicate}}.log",
        benchmark:
            f"{study.shared}/benchmarks/count_reads/{{cell_line}}/{{track}}/{{replicate}}.tsv"
        wildcard_constraints:
            replicate=any_of(replicate for *_, replicate in study.reads),
        conda:
            "../../envs/data.yaml"
        threads: 2
        resources:
            mem_mb=grows(3000),
            runtime=grows(240),
        params:
            assay=lambda w: study.reads[w.cell_line, w.track, w.replicate].assay,
            settings=study.counting,
            chromosomes=study.used_chromosomes,
        script:
            "../scripts/inputs/count_reads.py"


if study.leads:

    rule check_signal:
        input:
            genome=study.genome_check,
            fasta=study.fasta,
            fai=study.fai,
            signals=present(lambda w: study.raw_signals[w.cell_line][w.track]),
        output:
            study.signal_check(),
        log:
            f"{study.shared}/logs/check_signal/{{cell_line}}.{{track}}.log",
        benchmark:
            f"{study.shared}/benchmarks/check_signal/{{cell_line}}.{{track}}.tsv"
        retries: 0
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(2000),
            runtime=grows(20),
        params:
            chromosomes=study.used_chromosomes,
        script:
            "../scripts/inputs/check_signal.py"


# Checkpoints, though nothing asks what is in their output. All that reads data waits for it, as for
# an ancient file; and if that is there and made again, Snakemake (9.27, its issue 4166) plans
# nothing behind it, until a checkpoint is passed: then it plans anew. One for all checks, not each
# by itself, so that no job runs while another that it builds on may turn out to be out of date.
# What depends on a check of its own besides is in the plan even before, if that is a new one.
checkpoint gather_checks:
    input:
        study.checks,
    output:
        study.checked,
    log:
        f"{study.out}/logs/gather_checks.log",
    benchmark:
        f"{study.out}/benchmarks/gather_checks.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/inputs/gather_checks.py"


if study.leads and study.out != study.shared:

    checkpoint gather_shared_checks:
        input:
            study.shared_checks,
        output:
            study.shared_checked,
        log:
            f"{study.shared}/logs/gather_checks.log",
        benchmark:
            f"{study.shared}/benchmarks/gather_checks.tsv"
        localrule: True
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(1000),
            runtime=grows(10),
        script:
            "../scripts/inputs/gather_checks.py"


rule download:
    input:
        list(study.sources.downloads),
    localrule: True
