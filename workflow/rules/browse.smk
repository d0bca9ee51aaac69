# Needs: predictions/{model}/{cell_line}.bigWig and .narrowPeak, the labels, the bigWigs.
# Makes: hub/igv.xml, a session of IGV; where the config names the assembly, also hub/hub.txt with
#        genomes.txt and trackDb.txt, a track hub of UCSC (target browse). Tracks that lie elsewhere
#        than under results/{study} are copied to hub/tracks, so that all can be moved together.

ASSEMBLY = config["genome"]["assembly"]
FOREIGN = {}


def browsable(path, name):
    """Where browsers find a track; one that lies elsewhere goes on the list of those to copy."""
    if path.startswith(f"{OUT}/"):
        return path
    FOREIGN[name] = path
    return f"{OUT}/hub/tracks/{name}"


def browser_tracks():
    """Cell line, kind, name and path of every track, those of a cell line together."""
    tracks = []
    for line in CELL_LINES:
        for number, path in enumerate(SIGNAL_FILES[line], 1):
            name = f"{line}.accessibility.{number}.bigWig"
            shown = f"accessibility {number}"
            tracks.append((line, "accessibility", shown, browsable(path, name)))
        if line in LABELLED:
            path = browsable(label_track(line), f"{line}.labels.bigWig")
            tracks.append((line, "labels", "labels", path))
        for model in MODELS:
            prediction = f"{OUT}/predictions/{model}/{line}"
            tracks.append((line, "prediction", model, f"{prediction}.bigWig"))
            tracks.append((line, "calls", f"calls of {model}", f"{prediction}.narrowPeak"))
    return tracks


BROWSER_TRACKS = browser_tracks()


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
        fasta=rules.prepare_genome.output.fasta,
        fai=rules.prepare_genome.output.fai,
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
        study=config["study"],
        title=f"{config['tf']} binding, study {config['study']}",
        chrom=CHROMOSOMES["test"][0],
    script:
        "../scripts/write_browser_files.py"


rule browse:
    input:
        rules.write_browser_files.output,
    localrule: True
