# Needs: models/, predictions/{model}/{cell_line}.bigWig, labels, bigWigs and the motif. Trains
#        FactorNet and Anchor, small, for each member; the study itself needs none of it.
# Makes: comparison/summary.tsv, models and baselines on the same bins and bases of the test
#        chromosomes, comparison/speed.tsv, what decoding one takes, and their figures (target
#        compare).

COMPARISON = config["comparison"]
MANY_TO_ONE = ["factornet"] + ["anchor"] * len(MOTIF)
HITS = [f"{OUT}/comparison/motif_hits.bigWig"] * len(MOTIF)


use rule score_motif as locate_motif_hits with:
    output:
        f"{OUT}/comparison/motif_hits.bigWig",
    log:
        f"{OUT}/logs/locate_motif_hits.log",
    benchmark:
        f"{OUT}/benchmarks/locate_motif_hits.tsv"
    resources:
        mem_mb=grows(2000),
        runtime=grows(240),
    params:
        chromosomes=SPLIT_CHROMOSOMES,
        middles=True,


rule train_factornet:
    input:
        **CHECKED_GENOME,
        signals=lambda w: SIGNAL_FILES[MEMBERS[w.member]["train"]],
        scale=lambda w: scale_of(MEMBERS[w.member]["train"]),
        labels=lambda w: label_track(MEMBERS[w.member]["train"]),
        excluded=EXCLUDED,
        validation_signals=lambda w: SIGNAL_FILES[MEMBERS[w.member]["validation"]],
        validation_scale=lambda w: scale_of(MEMBERS[w.member]["validation"]),
        validation_labels=lambda w: label_track(MEMBERS[w.member]["validation"]),
    output:
        f"{OUT}/comparison/factornet/{{member}}.keras",
    log:
        f"{OUT}/logs/train_factornet/{{member}}.log",
    benchmark:
        f"{OUT}/benchmarks/train_factornet/{{member}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(240),
    params:
        chromosomes=lambda w: MEMBERS[w.member]["chromosomes"],
        bins=COMPARISON["bins"],
        epochs=COMPARISON["epochs"],
        seed=lambda w: MEMBERS[w.member]["seed"],
    script:
        "../scripts/comparison/train_factornet.py"


rule train_anchor:
    input:
        **CHECKED_GENOME,
        signals=lambda w: SIGNAL_FILES[MEMBERS[w.member]["train"]],
        scale=lambda w: scale_of(MEMBERS[w.member]["train"]),
        labels=lambda w: label_track(MEMBERS[w.member]["train"]),
        excluded=EXCLUDED,
        validation_signals=lambda w: SIGNAL_FILES[MEMBERS[w.member]["validation"]],
        validation_scale=lambda w: scale_of(MEMBERS[w.member]["validation"]),
        validation_labels=lambda w: label_track(MEMBERS[w.member]["validation"]),
        hits=HITS,
    output:
        f"{OUT}/comparison/anchor/{{member}}.skops",
    log:
        f"{OUT}/logs/train_anchor/{{member}}.log",
    benchmark:
        f"{OUT}/benchmarks/train_anchor/{{member}}.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 4
    resources:
        mem_mb=grows(8000),
        runtime=grows(60),
    params:
        chromosomes=lambda w: MEMBERS[w.member]["chromosomes"],
        bins=COMPARISON["bins"],
        seed=lambda w: MEMBERS[w.member]["seed"],
    script:
        "../scripts/comparison/train_anchor.py"


rule score_factornet:
    input:
        **CHECKED_GENOME,
        models=collect(f"{OUT}/comparison/factornet/{{member}}.keras", member=MEMBERS),
        signals=signals,
        scale=scale,
        labels=lambda w: label_track(w.cell_line),
        excluded=UNJUDGED,
    output:
        bins=f"{OUT}/comparison/{{cell_line}}/factornet.npz",
        bases=f"{OUT}/comparison/{{cell_line}}/factornet.tsv",
    log:
        f"{OUT}/logs/score_factornet/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/score_factornet/{{cell_line}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(8000),
        runtime=grows(480),
    params:
        chromosomes=CHROMOSOMES["test"],
        bases=COMPARISON["bases"],
        seed=config["windows"]["seed"],
    script:
        "../scripts/comparison/score_factornet.py"


rule score_anchor:
    input:
        **CHECKED_GENOME,
        models=collect(f"{OUT}/comparison/anchor/{{member}}.skops", member=MEMBERS),
        signals=signals,
        scale=scale,
        labels=lambda w: label_track(w.cell_line),
        excluded=UNJUDGED,
        hits=HITS,
    output:
        bins=f"{OUT}/comparison/{{cell_line}}/anchor.npz",
        bases=f"{OUT}/comparison/{{cell_line}}/anchor.tsv",
    log:
        f"{OUT}/logs/score_anchor/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/score_anchor/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 4
    resources:
        mem_mb=grows(8000),
        runtime=grows(240),
    params:
        chromosomes=CHROMOSOMES["test"],
        bases=COMPARISON["bases"],
        seed=config["windows"]["seed"],
    script:
        "../scripts/comparison/score_anchor.py"


rule compare_models:
    input:
        **CHECKED_GENOME,
        labels=lambda w: label_track(w.cell_line),
        others=lambda w: [label_track(line) for line in OTHERS[w.cell_line]],
        excluded=UNJUDGED,
        scale=scale,
        scores=lambda w: [x for m in MODELS + BASELINES for x in scores(m, w.cell_line)],
        bins=collect(f"{OUT}/comparison/{{{{cell_line}}}}/{{m}}.npz", m=MANY_TO_ONE),
        bases=collect(f"{OUT}/comparison/{{{{cell_line}}}}/{{m}}.tsv", m=MANY_TO_ONE),
    output:
        f"{OUT}/comparison/{{cell_line}}/metrics.tsv",
    log:
        f"{OUT}/logs/compare_models/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/compare_models/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(8000),
        runtime=grows(120),
    params:
        files=lambda w: {m: scores(m, w.cell_line) for m in MODELS + BASELINES},
        chromosomes=CHROMOSOMES["test"],
    script:
        "../scripts/comparison/compare_models.py"


rule time_decoding:
    input:
        **CHECKED_GENOME,
        networks=[f"{OUT}/models/{m}/{list(MEMBERS)[0]}/model.keras" for m in MODELS],
        factornet=f"{OUT}/comparison/factornet/{list(MEMBERS)[0]}.keras",
        anchor=f"{OUT}/comparison/anchor/{list(MEMBERS)[0]}.skops" if MOTIF else [],
        hits=HITS,
        signals=SIGNAL_FILES[TRAINED_ON[0]],
        scale=scale_of(TRAINED_ON[0]),
        average=[AVERAGE] if any(settings(m)["delta"] for m in MODELS) else [],
    output:
        f"{OUT}/comparison/speed.tsv",
    log:
        f"{OUT}/logs/time_decoding.log",
    benchmark:
        f"{OUT}/benchmarks/time_decoding.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(60),
    params:
        models=MODELS,
        delta=[settings(m)["delta"] for m in MODELS],
        chrom=CHROMOSOMES["test"][0],
    script:
        "../scripts/comparison/time_decoding.py"


rule summarise_comparison:
    input:
        metrics=collect(f"{OUT}/comparison/{{line}}/metrics.tsv", line=LABELLED),
        speed=rules.time_decoding.output[0],
    output:
        summary=f"{OUT}/comparison/summary.tsv",
        table=report(
            f"{OUT}/report/comparison/models.html",
            caption="../report/comparison/comparison.rst",
            category="Comparison",
            labels=FACTOR | {"comparison": "Models and baselines, table"},
        ),
        figure=report(
            f"{OUT}/report/comparison/models.svg",
            caption="../report/comparison/comparison.rst",
            category="Comparison",
            labels=FACTOR | {"comparison": "Models and baselines, figure"},
        ),
        speed=report(
            f"{OUT}/report/comparison/speed.svg",
            caption="../report/comparison/speed.rst",
            category="Comparison",
            labels=FACTOR | {"comparison": "Time to decode a chromosome"},
        ),
    log:
        f"{OUT}/logs/summarise_comparison.log",
    benchmark:
        f"{OUT}/benchmarks/summarise_comparison.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        roles=ROLES,
        chrom=CHROMOSOMES["test"][0],
    script:
        "../scripts/comparison/summarise_comparison.py"


rule compare:
    input:
        rules.summarise_comparison.output,
    localrule: True
