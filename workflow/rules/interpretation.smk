# Needs: predictions/{model}/{cell_line}.bigWig and .narrowPeak, the models, the genome, the bigWigs.
# Makes: interpretation/{model}/{cell_line}/, why sites are called, and interpretation/{model}/
#        planted.tsv, what networks say of motifs that are set into random sequences (target plant);
#        variants/{model}/{cell_line}.tsv, and .vcf if one is given, what variants change.


rule explain_sites:
    input:
        **checked_genome,
        models=collect(
            f"{study.out}/models/{{{{model}}}}/{{member}}/model.keras", member=study.members
        ),
        signal_checks=ancient(study.signal_checks),
        signals=lambda w: study.signal_inputs([w.cell_line], study.arrays(w.model)),
        calls=study.calls(),
        sites=present(study.sites),
        labels=lambda w: study.label_tracks([w.cell_line] if w.cell_line in study.labelled else []),
        unjudged=study.unjudged,
    output:
        **study.explained,
    log:
        f"{study.out}/logs/explain_sites/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/explain_sites/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(8000),
        runtime=grows(240),
    params:
        signals=lambda w: study.signals(w.cell_line, study.arrays(w.model)),
        chromosomes=study.used_chromosomes,
        both_strands=config["prediction"]["reverse_complement"],
        best=config["explain"]["best"],
        mutagenesis=config["explain"]["mutagenesis"],
        parts=f"{study.out}/checkpoints/{{model}}/{{cell_line}}.explained",
    script:
        "../scripts/interpretation/explain_sites.py"


rule plant_motifs:
    input:
        **checked_genome,
        models=collect(
            f"{study.out}/models/{{{{model}}}}/{{member}}/model.keras", member=study.members
        ),
        signal_checks=[
            ancient(study.signal_check(line, track))
            for line in study.trained_on
            for track in study.signal_tracks
        ],
        signals=lambda w: study.signal_inputs(study.trained_on, study.arrays(w.model)),
        calls=lambda w: [study.calls(w.model, line) for line in study.trained_on],
        calibration=lambda w: study.calibrations([w.model]),
        excluded=study.excluded,
        motif_check=[ancient(study.motif_check)] * len(study.motif),
        motif=study.motif,
    output:
        study.planted,
    log:
        f"{study.out}/logs/plant_motifs/{{model}}.log",
    benchmark:
        f"{study.out}/benchmarks/plant_motifs/{{model}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(8000),
        runtime=grows(120),
    params:
        signals=lambda w: [study.signals(line, study.arrays(w.model)) for line in study.trained_on],
        chromosomes=study.used_chromosomes,
        both_strands=config["prediction"]["reverse_complement"],
        seed=config["windows"]["seed"],
    script:
        "../scripts/interpretation/plant_motifs.py"


rule check_variants:
    input:
        **checked_genome,
        variants=present(study.variants),
    output:
        f"{study.out}/variants/checked.tsv",
    log:
        f"{study.out}/logs/check_variants.log",
    benchmark:
        f"{study.out}/benchmarks/check_variants.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(60),
    params:
        chromosomes=study.used_chromosomes,
        longest=config["variants"]["longest_allele"],
        keep_mismatches=config["variants"]["mismatches"] == "keep",
    script:
        "../scripts/interpretation/check_variants.py"


rule score_variants:
    input:
        **checked_genome,
        models=collect(
            f"{study.out}/models/{{{{model}}}}/{{member}}/model.keras", member=study.members
        ),
        signal_checks=ancient(study.signal_checks),
        signals=lambda w: study.signal_inputs([w.cell_line], study.arrays(w.model)),
        calibration=lambda w: study.calibrations([w.model]),
        excluded=study.excluded,
        variants=study.variants,
        counts=rules.check_variants.output[0],
    output:
        scores=f"{study.out}/variants/{{model}}/{{cell_line}}/{{chrom}}.scores.npy",
        drawn=f"{study.out}/variants/{{model}}/{{cell_line}}/{{chrom}}.drawn.npz",
    log:
        f"{study.out}/logs/score_variants/{{model}}/{{cell_line}}/{{chrom}}.log",
    benchmark:
        f"{study.out}/benchmarks/score_variants/{{model}}/{{cell_line}}/{{chrom}}.tsv"
    wildcard_constraints:
        chrom=any_of(study.used_chromosomes),
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(8000),
        runtime=grows(240),
    params:
        signals=lambda w: study.signals(w.cell_line, study.arrays(w.model)),
        chromosomes=study.used_chromosomes,
        both_strands=config["prediction"]["reverse_complement"],
        settings=study.variant_settings,
    script:
        "../scripts/interpretation/score_variants.py"


rule explain_variants:
    input:
        **checked_genome,
        models=collect(
            f"{study.out}/models/{{{{model}}}}/{{member}}/model.keras", member=study.members
        ),
        signal_checks=ancient(study.signal_checks),
        signals=lambda w: study.signal_inputs([w.cell_line], study.arrays(w.model)),
        excluded=study.excluded,
        drawn=study.drawn_variants(),
    output:
        study.variant_letters,
    log:
        f"{study.out}/logs/explain_variants/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/explain_variants/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(8000),
        runtime=grows(60),
    params:
        signals=lambda w: study.signals(w.cell_line, study.arrays(w.model)),
        chromosomes=study.used_chromosomes,
        both_strands=config["prediction"]["reverse_complement"],
    script:
        "../scripts/interpretation/explain_variants.py"


rule gather_variants:
    input:
        **checked_genome,
        variants=study.variants,
        counts=rules.check_variants.output[0],
        scores=collect(
            f"{study.out}/variants/{{{{model}}}}/{{{{cell_line}}}}/{{chrom}}.scores.npy",
            chrom=study.used_chromosomes,
        ),
        drawn=collect(
            f"{study.out}/variants/{{{{model}}}}/{{{{cell_line}}}}/{{chrom}}.drawn.npz",
            chrom=study.used_chromosomes,
        ),
    output:
        **study.variant_results,
    log:
        f"{study.out}/logs/gather_variants/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/gather_variants/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(60),
    params:
        chromosomes=study.used_chromosomes,
        settings=study.variant_settings,
        origin=lambda w: f"{config['tf']} {w.model} in {w.cell_line}",
    script:
        "../scripts/interpretation/gather_variants.py"


rule plant:
    input:
        needs(
            study.motif,
            "motif",
            collect(f"{study.out}/report/planted/{{model}}.distances.png", model=study.models),
        ),
    localrule: True
