# Needs: predictions/{model}/{cell_line}.bigWig and .narrowPeak, the labels, the bigWigs.
# Makes: hub/igv.xml, a session of IGV; where the config names the assembly, also hub/hub.txt with
#        genomes.txt and trackDb.txt, a track hub of UCSC (target browse). Tracks that lie elsewhere
#        than under results/{study} are copied to hub/tracks, so that all can be moved together.

from leopard.study.browsable import list_browsable

browsable, copied = list_browsable(study)


rule copy_track:
    input:
        lambda w: copied[w.name],
    output:
        f"{study.out}/hub/tracks/{{name}}",
    log:
        f"{study.out}/logs/copy_track/{{name}}.log",
    benchmark:
        f"{study.out}/benchmarks/copy_track/{{name}}.tsv"
    wildcard_constraints:
        name="[^/]+",
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(60),
    shell:
        "cp {input:q} {output:q} 2> {log:q}"


rule write_browser_files:
    input:
        **checked_genome,
        tracks=[x.path for x in browsable],
    output:
        **{
            name: path
            for name, path in {
                "hub": f"{study.out}/hub/hub.txt",
                "genomes": f"{study.out}/hub/genomes.txt",
                "trackdb": f"{study.out}/hub/trackDb.txt",
                "calls": directory(f"{study.out}/hub/calls"),
            }.items()
            if config["genome"]["assembly"]
        },
        session=f"{study.out}/hub/igv.xml",
    log:
        f"{study.out}/logs/write_browser_files.log",
    benchmark:
        f"{study.out}/benchmarks/write_browser_files.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        tracks=browsable,
        models=study.models,
        assembly=config["genome"]["assembly"],
        study=study.out.removeprefix("results/"),
        title=f"{config['tf']} binding, study {config['study']}",
        chrom=study.chromosomes["test"][0],
    script:
        "../scripts/browsing/write_browser_files.py"


rule browse:
    input:
        rules.write_browser_files.output,
    localrule: True
