# Needs: genome/genome.fa, the cell lines' bigWigs and labels, inputs.tsv.
# Makes: windows/usable.tsv and windows/windows.tsv, and the arrays whose row i is its row i:
#        windows/sequence.npy, windows/{cell_line}.{track}.npy, windows/{cell_line}.labels.npy, and
#        windows/average.{track}.npy for networks that see a mean over cell lines. One file for each
#        signal, so that a track that is added makes nothing out of date.
#        In a crisscross each seed has a set of its own, in windows/s{seed}/.


from leopard.study.splits import SPLITS


wildcard_constraints:
    member=any_of(study.members),
    windows=any_of(study.window_sets),


if study.leads:

    rule list_usable_starts:
        input:
            **shared_genome,
            exclusions=study.exclusions,
        output:
            study.usable,
        log:
            f"{study.shared}/logs/list_usable_starts.log",
        benchmark:
            f"{study.shared}/benchmarks/list_usable_starts.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(6000),
            runtime=grows(30),
        params:
            chromosomes=study.split_chromosomes,
            length=lookup(dpath="windows/length", within=config),
            max_n_fraction=lookup(dpath="windows/max_n_fraction", within=config),
        script:
            "../scripts/windows/list_usable_starts.py"


if study.leads:

    rule draw_windows:
        input:
            branch(
                config["windows"]["strategy"] == "usable",
                then=study.usable,
                otherwise=study.fai,
            ),
            checked=ancient(study.shared_checked),
        output:
            f"{study.shared}/{{windows}}/windows.tsv",
        log:
            f"{study.shared}/logs/draw_windows/{{windows}}.log",
        benchmark:
            f"{study.shared}/benchmarks/draw_windows/{{windows}}.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(1000),
            runtime=grows(10),
        params:
            chromosomes=lambda w: study.window_sets[w.windows],
            counts={split: config["windows"][split] for split in SPLITS},
            length=lookup(dpath="windows/length", within=config),
            seed=lookup(dpath="windows/seed", within=config),
            strategy=lookup(dpath="windows/strategy", within=config),
        script:
            "../scripts/windows/draw_windows.py"


rule extract_labels:
    input:
        **checked_genome,
        windows=f"{study.shared}/{{windows}}/windows.tsv",
        labels_check=ancient(study.labels_check()),
        labels=lambda w: study.label_track(w.cell_line),
        excluded=study.excluded,
    output:
        f"{study.out}/{{windows}}/{{cell_line}}.labels.npy",
    log:
        f"{study.out}/logs/extract_labels/{{windows}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/extract_labels/{{windows}}/{{cell_line}}.tsv"
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


if study.leads:

    use rule extract_labels as extract_sequence with:
        input:
            **shared_genome,
            windows=f"{study.shared}/{{windows}}/windows.tsv",
        output:
            f"{study.shared}/{{windows}}/sequence.npy",
        log:
            f"{study.shared}/logs/extract_sequence/{{windows}}.log",
        benchmark:
            f"{study.shared}/benchmarks/extract_sequence/{{windows}}.tsv"
        params:
            kind="codes",


if study.leads:

    use rule extract_labels as extract_signal with:
        input:
            **shared_genome,
            windows=f"{study.shared}/{{windows}}/windows.tsv",
            signal_check=ancient(study.signal_check()),
            signals=lambda w: study.signal_inputs([w.cell_line], [w.track]),
        output:
            study.window_array("{windows}", "{track}"),
        log:
            f"{study.shared}/logs/extract_signal/{{windows}}/{{cell_line}}.{{track}}.log",
        benchmark:
            f"{study.shared}/benchmarks/extract_signal/{{windows}}/{{cell_line}}.{{track}}.tsv"
        params:
            kind="signal",
            signals=lambda w: study.signals(w.cell_line, [w.track]),


if study.leads:

    use rule extract_labels as extract_average with:
        input:
            **shared_genome,
            windows=f"{study.shared}/{{windows}}/windows.tsv",
            signals=study.average(),
        output:
            study.window_array("{windows}", "average.{track}"),
        log:
            f"{study.shared}/logs/extract_average/{{windows}}/{{track}}.log",
        benchmark:
            f"{study.shared}/benchmarks/extract_average/{{windows}}/{{track}}.tsv"
        params:
            kind="signal",
            signals=lambda w: {"average": ([study.average(w.track)], [])},


rule windows:
    input:
        collect(f"{study.shared}/{{windows}}/sequence.npy", windows=study.window_sets),
        [
            f"{study.out}/{member.windows}/{line}.labels.npy"
            for member in study.members.values()
            for line in (member.train, member.validation)
        ],
        [
            study.window_array(member.windows, track, line)
            for member in study.members.values()
            for line in (member.train, member.validation)
            for track in study.signal_tracks
        ],
    localrule: True
