# Needs: predictions/{model}/{cell_line}.bigWig and .narrowPeak, the labels, the bigWigs.
# Makes: hub/igv.xml, a session of IGV; where the config names the assembly, also hub/hub.txt with
#        genomes.txt and trackDb.txt, a track hub of UCSC (target browse). Tracks that lie elsewhere
#        than under results/{study} are copied to hub/tracks, so that all can be moved together.

ASSEMBLY = config["genome"]["assembly"]

# Kind, name and path of every track, by cell line.
BROWSABLE = {
    line: [
        *[("accessibility", f"accessibility {n}", x) for n, x in enumerate(SIGNAL_FILES[line], 1)],
        *[("labels", "labels", label_track(x)) for x in LABELLED if x == line],
        *[("prediction", m, f"{OUT}/predictions/{m}/{line}.bigWig") for m in MODELS],
        *[("calls", f"calls of {m}", f"{OUT}/predictions/{m}/{line}.narrowPeak") for m in MODELS],
    ]
    for line in CELL_LINES
}
FOREIGN = {
    f"{line}.{name.replace(' ', '.')}.bigWig": path
    for line, tracks in BROWSABLE.items()
    for _, name, path in tracks
    if not path.startswith(f"{SHARED}/")
}
COPIES = {path: f"{OUT}/hub/tracks/{name}" for name, path in FOREIGN.items()}
BROWSER_TRACKS = [
    (line, kind, name, COPIES.get(path, path))
    for line, tracks in BROWSABLE.items()
    for kind, name, path in tracks
]


rule copy_track:
    input:
        lambda w: FOREIGN[w.name],
    output:
        f"{OUT}/hub/tracks/{{name}}",
    log:
        f"{OUT}/logs/copy_track/{{name}}.log",
    benchmark:
        f"{OUT}/benchmarks/copy_track/{{name}}.tsv"
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
        **CHECKED_GENOME,
        tracks=[path for *_, path in BROWSER_TRACKS],
    output:
        **{
            name: path
            for name, path in {
                "hub": f"{OUT}/hub/hub.txt",
                "genomes": f"{OUT}/hub/genomes.txt",
                "trackdb": f"{OUT}/hub/trackDb.txt",
                "calls": directory(f"{OUT}/hub/calls"),
            }.items()
            if ASSEMBLY
        },
        session=f"{OUT}/hub/igv.xml",
    log:
        f"{OUT}/logs/write_browser_files.log",
    benchmark:
        f"{OUT}/benchmarks/write_browser_files.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        tracks=BROWSER_TRACKS,
        models=MODELS,
        assembly=ASSEMBLY,
        study=OUT.removeprefix("results/"),
        title=f"{config['tf']} binding, study {config['study']}",
        chrom=CHROMOSOMES["test"][0],
    script:
        "../scripts/browsing/write_browser_files.py"


rule browse:
    input:
        rules.write_browser_files.output,
    localrule: True
