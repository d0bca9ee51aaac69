# Needs: genome/genome.fa, the cell lines' bigWigs and labels, inputs.tsv.
# Makes: windows/usable.tsv and windows/windows.tsv, and the arrays whose row i is its row i:
#        windows/sequence.npy, windows/{cell_line}.signal.npy, windows/{cell_line}.labels.npy, and
#        windows/average.npy for networks that see Δ.
#        In a crisscross each seed has a set of its own, in windows/s{seed}/.


rule list_usable_starts:
    input:
        checked=ancient(rules.check_inputs.output[0]),
        fasta=rules.prepare_genome.output.fasta,
        fai=rules.prepare_genome.output.fai,
        blacklist=BLACKLIST,
    output:
        f"{OUT}/windows/usable.tsv",
    log:
        f"{OUT}/logs/list_usable_starts.log",
    benchmark:
        f"{OUT}/benchmarks/list_usable_starts.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(6000),
        runtime=grows(30),
    params:
        chromosomes=SPLIT_CHROMOSOMES,
        length=lookup(dpath="windows/length", within=config),
        max_n_fraction=lookup(dpath="windows/max_n_fraction", within=config),
    script:
        "../scripts/list_usable_starts.py"


rule draw_windows:
    input:
        branch(
            config["windows"]["strategy"] == "usable",
            then=rules.list_usable_starts.output,
            otherwise=rules.prepare_genome.output.fai,
        ),
    output:
        f"{OUT}/{{windows}}/windows.tsv",
    log:
        f"{OUT}/logs/draw_windows/{{windows}}.log",
    benchmark:
        f"{OUT}/benchmarks/draw_windows/{{windows}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        chromosomes=lambda w: WINDOW_SETS[w.windows],
        counts={split: config["windows"][split] for split in SPLITS},
        length=lookup(dpath="windows/length", within=config),
        seed=lookup(dpath="windows/seed", within=config),
        strategy=lookup(dpath="windows/strategy", within=config),
    script:
        "../scripts/draw_windows.py"


rule extract_sequence:
    input:
        windows=rules.draw_windows.output[0],
        fasta=rules.prepare_genome.output.fasta,
        fai=rules.prepare_genome.output.fai,
    output:
        f"{OUT}/{{windows}}/sequence.npy",
    log:
        f"{OUT}/logs/extract_sequence/{{windows}}.log",
    benchmark:
        f"{OUT}/benchmarks/extract_sequence/{{windows}}.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 2
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        kind="codes",
    script:
        "../scripts/extract_windows.py"


use rule extract_sequence as extract_signal with:
    input:
        windows=rules.draw_windows.output[0],
        fasta=rules.prepare_genome.output.fasta,
        fai=rules.prepare_genome.output.fai,
        signals=signals,
    output:
        f"{OUT}/{{windows}}/{{cell_line}}.signal.npy",
    log:
        f"{OUT}/logs/extract_signal/{{windows}}/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/extract_signal/{{windows}}/{{cell_line}}.tsv"
    params:
        kind="signal",
        scaling=SCALE,


use rule extract_sequence as extract_average with:
    input:
        windows=rules.draw_windows.output[0],
        fasta=rules.prepare_genome.output.fasta,
        fai=rules.prepare_genome.output.fai,
        average=AVERAGE,
    output:
        f"{OUT}/{{windows}}/average.npy",
    log:
        f"{OUT}/logs/extract_average/{{windows}}.log",
    benchmark:
        f"{OUT}/benchmarks/extract_average/{{windows}}.tsv"
    params:
        kind="average",


use rule extract_sequence as extract_labels with:
    input:
        windows=rules.draw_windows.output[0],
        fasta=rules.prepare_genome.output.fasta,
        fai=rules.prepare_genome.output.fai,
        labels=lambda w: label_track(w.cell_line),
    output:
        f"{OUT}/{{windows}}/{{cell_line}}.labels.npy",
    log:
        f"{OUT}/logs/extract_labels/{{windows}}/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/extract_labels/{{windows}}/{{cell_line}}.tsv"
    params:
        kind="labels",


rule windows:
    input:
        collect(rules.extract_sequence.output, windows=WINDOW_SETS),
        [
            f"{OUT}/{m['windows']}/{m[role]}.{kind}.npy"
            for m in MEMBERS.values()
            for role in ("train", "validation")
            for kind in ("signal", "labels")
        ],
    localrule: True
