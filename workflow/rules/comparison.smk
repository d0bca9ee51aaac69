# Needs: models/, predictions/{model}/{cell_line}.bigWig, labels, bigWigs and the motif. Trains
#        FactorNet and Anchor, small, for each member; the study itself needs none of it.
# Makes: comparison/summary.tsv, models and baselines on the same bins and bases of the test
#        chromosomes, comparison/speed.tsv, what decoding one takes, and their figures (target
#        compare).


use rule score_motif as locate_motif_hits with:
    output:
        f"{study.out}/comparison/motif_hits.bigWig",
    log:
        f"{study.out}/logs/locate_motif_hits.log",
    benchmark:
        f"{study.out}/benchmarks/locate_motif_hits.tsv"
    resources:
        mem_mb=grows(2000),
        runtime=grows(240),
    params:
        chromosomes=study.split_chromosomes,
        middles=True,


rule train_factornet:
    input:
        **checked_genome,
        signals=lambda w: study.signal_inputs([study.members[w.member].train], [study.main]),
        labels=lambda w: study.label_track(study.members[w.member].train),
        excluded=study.excluded,
        validation_signals=lambda w: study.signal_inputs(
            [study.members[w.member].validation], [study.main]
        ),
        validation_labels=lambda w: study.label_track(study.members[w.member].validation),
    output:
        f"{study.out}/comparison/factornet/{{member}}.keras",
    log:
        f"{study.out}/logs/train_factornet/{{member}}.log",
    benchmark:
        f"{study.out}/benchmarks/train_factornet/{{member}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(240),
    params:
        signals=lambda w: [
            study.signals(line, [study.main])
            for line in (study.members[w.member].train, study.members[w.member].validation)
        ],
        chromosomes=lambda w: study.members[w.member].chromosomes,
        bins=config["comparison"]["bins"],
        epochs=config["comparison"]["epochs"],
        seed=lambda w: study.members[w.member].seed,
    script:
        "../scripts/comparison/train_factornet.py"


rule train_anchor:
    input:
        **checked_genome,
        signals=lambda w: study.signal_inputs([study.members[w.member].train], [study.main]),
        labels=lambda w: study.label_track(study.members[w.member].train),
        excluded=study.excluded,
        validation_signals=lambda w: study.signal_inputs(
            [study.members[w.member].validation], [study.main]
        ),
        validation_labels=lambda w: study.label_track(study.members[w.member].validation),
        hits=study.motif_hits,
    output:
        f"{study.out}/comparison/anchor/{{member}}.skops",
    log:
        f"{study.out}/logs/train_anchor/{{member}}.log",
    benchmark:
        f"{study.out}/benchmarks/train_anchor/{{member}}.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 4
    resources:
        mem_mb=grows(8000),
        runtime=grows(60),
    params:
        signals=lambda w: [
            study.signals(line, [study.main])
            for line in (study.members[w.member].train, study.members[w.member].validation)
        ],
        chromosomes=lambda w: study.members[w.member].chromosomes,
        bins=config["comparison"]["bins"],
        seed=lambda w: study.members[w.member].seed,
    script:
        "../scripts/comparison/train_anchor.py"


rule score_factornet:
    input:
        **checked_genome,
        models=collect(f"{study.out}/comparison/factornet/{{member}}.keras", member=study.members),
        signals=lambda w: study.signal_inputs([w.cell_line], [study.main]),
        labels=lambda w: study.label_track(w.cell_line),
        excluded=study.unjudged,
    output:
        bins=f"{study.out}/comparison/{{cell_line}}/factornet.npz",
        bases=f"{study.out}/comparison/{{cell_line}}/factornet.tsv",
    log:
        f"{study.out}/logs/score_factornet/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/score_factornet/{{cell_line}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(8000),
        runtime=grows(480),
    params:
        signals=lambda w: study.signals(w.cell_line, [study.main]),
        chromosomes=study.chromosomes["test"],
        bases=config["comparison"]["bases"],
        seed=config["windows"]["seed"],
    script:
        "../scripts/comparison/score_factornet.py"


rule score_anchor:
    input:
        **checked_genome,
        models=collect(f"{study.out}/comparison/anchor/{{member}}.skops", member=study.members),
        signals=lambda w: study.signal_inputs([w.cell_line], [study.main]),
        labels=lambda w: study.label_track(w.cell_line),
        excluded=study.unjudged,
        hits=study.motif_hits,
    output:
        bins=f"{study.out}/comparison/{{cell_line}}/anchor.npz",
        bases=f"{study.out}/comparison/{{cell_line}}/anchor.tsv",
    log:
        f"{study.out}/logs/score_anchor/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/score_anchor/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 4
    resources:
        mem_mb=grows(8000),
        runtime=grows(240),
    params:
        signals=lambda w: study.signals(w.cell_line, [study.main]),
        chromosomes=study.chromosomes["test"],
        bases=config["comparison"]["bases"],
        seed=config["windows"]["seed"],
    script:
        "../scripts/comparison/score_anchor.py"


rule compare_models:
    input:
        **checked_genome,
        labels=lambda w: study.label_track(w.cell_line),
        others=lambda w: study.label_tracks(study.others(w.cell_line)),
        excluded=study.unjudged,
        scale=lambda w: study.scale(w.cell_line, study.main),
        scores=lambda w: [
            x for m in study.models + study.baselines for x in study.scores(m, w.cell_line)
        ],
        bins=collect(f"{study.out}/comparison/{{{{cell_line}}}}/{{m}}.npz", m=study.many_to_one),
        bases=collect(f"{study.out}/comparison/{{{{cell_line}}}}/{{m}}.tsv", m=study.many_to_one),
    output:
        f"{study.out}/comparison/{{cell_line}}/metrics.tsv",
    log:
        f"{study.out}/logs/compare_models/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/compare_models/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(8000),
        runtime=grows(120),
    params:
        files=lambda w: {m: study.scores(m, w.cell_line) for m in study.models + study.baselines},
        chromosomes=study.chromosomes["test"],
    script:
        "../scripts/comparison/compare_models.py"


rule time_decoding:
    input:
        **checked_genome,
        networks=[
            f"{study.out}/models/{m}/{list(study.members)[0]}/model.keras" for m in study.models
        ],
        factornet=f"{study.out}/comparison/factornet/{list(study.members)[0]}.keras",
        anchor=(
            f"{study.out}/comparison/anchor/{list(study.members)[0]}.skops" if study.motif else []
        ),
        hits=study.motif_hits,
        signals=study.signal_inputs(
            [study.trained_on[0]],
            [study.main, *(x for m in study.models for x in study.arrays(m))],
        ),
    output:
        f"{study.out}/comparison/speed.tsv",
    log:
        f"{study.out}/logs/time_decoding.log",
    benchmark:
        f"{study.out}/benchmarks/time_decoding.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(60),
    params:
        signals={m: study.signals(study.trained_on[0], study.arrays(m)) for m in study.models},
        main=study.signals(study.trained_on[0], [study.main]),
        chrom=study.chromosomes["test"][0],
    script:
        "../scripts/comparison/time_decoding.py"


rule summarise_comparison:
    input:
        metrics=collect(f"{study.out}/comparison/{{line}}/metrics.tsv", line=study.labelled),
        speed=rules.time_decoding.output[0],
    output:
        summary=f"{study.out}/comparison/summary.tsv",
        table=report(
            f"{study.out}/report/comparison/models.html",
            caption="../report/comparison/comparison.rst",
            category="Comparison",
            labels=study.factor_label | {"comparison": "Models and baselines, table"},
        ),
        figure=report(
            f"{study.out}/report/comparison/models.svg",
            caption="../report/comparison/comparison.rst",
            category="Comparison",
            labels=study.factor_label | {"comparison": "Models and baselines, figure"},
        ),
        speed=report(
            f"{study.out}/report/comparison/speed.svg",
            caption="../report/comparison/speed.rst",
            category="Comparison",
            labels=study.factor_label | {"comparison": "Time to decode a chromosome"},
        ),
    log:
        f"{study.out}/logs/summarise_comparison.log",
    benchmark:
        f"{study.out}/benchmarks/summarise_comparison.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        roles=study.roles,
        chrom=study.chromosomes["test"][0],
    script:
        "../scripts/comparison/summarise_comparison.py"


rule compare:
    input:
        rules.summarise_comparison.output,
    localrule: True
