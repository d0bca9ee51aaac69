# Needs: genome/genome.fa, the cell lines' bigWigs and labels, inputs.tsv.
# Makes: windows/usable.tsv and windows/windows.tsv, and the arrays whose row i is its row i:
#        windows/sequence.npy, windows/{cell_line}.signal.npy, windows/{cell_line}.labels.npy, and
#        windows/average.npy for networks that see Δ.
#        In a crisscross each seed has a set of its own, in windows/s{seed}/.


rule list_usable_starts:
    input:
        **SHARED_GENOME,
        exclusions=EXCLUSIONS,
    output:
        USABLE,
    log:
        f"{SHARED}/logs/list_usable_starts.log",
    benchmark:
        f"{SHARED}/benchmarks/list_usable_starts.tsv"
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
        "../scripts/windows/list_usable_starts.py"


rule draw_windows:
    input:
        branch(
            config["windows"]["strategy"] == "usable",
            then=USABLE,
            otherwise=FAI,
        ),
        checked=ancient(SHARED_CHECKED),
    output:
        f"{SHARED}/{{windows}}/windows.tsv",
    log:
        f"{SHARED}/logs/draw_windows/{{windows}}.log",
    benchmark:
        f"{SHARED}/benchmarks/draw_windows/{{windows}}.tsv"
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
        "../scripts/windows/draw_windows.py"


rule extract_labels:
    input:
        **CHECKED_GENOME,
        windows=f"{SHARED}/{{windows}}/windows.tsv",
        labels_check=ancient(LABELS_CHECK),
        labels=lambda w: label_track(w.cell_line),
        excluded=EXCLUDED,
    output:
        f"{OUT}/{{windows}}/{{cell_line}}.labels.npy",
    log:
        f"{OUT}/logs/extract_labels/{{windows}}/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/extract_labels/{{windows}}/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 2
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        kind="labels",
    script:
        "../scripts/windows/extract_windows.py"


use rule extract_labels as extract_sequence with:
    input:
        **SHARED_GENOME,
        windows=f"{SHARED}/{{windows}}/windows.tsv",
    output:
        f"{SHARED}/{{windows}}/sequence.npy",
    log:
        f"{SHARED}/logs/extract_sequence/{{windows}}.log",
    benchmark:
        f"{SHARED}/benchmarks/extract_sequence/{{windows}}.tsv"
    params:
        kind="codes",


use rule extract_labels as extract_signal with:
    input:
        **SHARED_GENOME,
        windows=f"{SHARED}/{{windows}}/windows.tsv",
        signal_check=ancient(SIGNAL_CHECK),
        signals=signals,
        scale=scale,
    output:
        f"{SHARED}/{{windows}}/{{cell_line}}.signal.npy",
    log:
        f"{SHARED}/logs/extract_signal/{{windows}}/{{cell_line}}.log",
    benchmark:
        f"{SHARED}/benchmarks/extract_signal/{{windows}}/{{cell_line}}.tsv"
    params:
        kind="signal",


use rule extract_labels as extract_average with:
    input:
        **SHARED_GENOME,
        windows=f"{SHARED}/{{windows}}/windows.tsv",
        average=AVERAGE,
    output:
        f"{SHARED}/{{windows}}/average.npy",
    log:
        f"{SHARED}/logs/extract_average/{{windows}}.log",
    benchmark:
        f"{SHARED}/benchmarks/extract_average/{{windows}}.tsv"
    params:
        kind="average",


rule windows:
    input:
        collect(f"{SHARED}/{{windows}}/sequence.npy", windows=WINDOW_SETS),
        [
            f"{top}/{m['windows']}/{m[role]}.{kind}.npy"
            for m in MEMBERS.values()
            for role in ("train", "validation")
            for top, kind in ((SHARED, "signal"), (OUT, "labels"))
        ],
    localrule: True
