# Needs: inputs.tsv, benchmarks/, the config.
# Makes: report/inputs.html, report/benchmarks.html and report/config.html, of the run itself.
import json


rule tabulate_inputs:
    input:
        study.checked,
    output:
        report(
            f"{study.out}/report/inputs.html",
            caption="../report/inputs/inputs.rst",
            category="Data",
            labels=study.factor_label | {"data": "Checked inputs"},
        ),
    log:
        f"{study.out}/logs/report/tabulate_inputs.log",
    benchmark:
        f"{study.out}/benchmarks/report/tabulate_inputs.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/report/tabulate_inputs.py"


# Benchmarks are no outputs, so that the jobs they are of can only be awaited by what they make.
rule tabulate_benchmarks:
    input:
        rules.predict.input,
        rules.evaluate.input,
    output:
        report(
            f"{study.out}/report/benchmarks.html",
            caption="../report/report/benchmarks.rst",
            category="Run",
            labels=study.factor_label | {"run": "Benchmarks"},
        ),
    log:
        f"{study.out}/logs/report/tabulate_benchmarks.log",
    benchmark:
        f"{study.out}/benchmarks/report/tabulate_benchmarks.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        directories=[f"{x}/benchmarks" for x in dict.fromkeys([study.out, study.shared])],
    script:
        "../scripts/report/tabulate_benchmarks.py"


rule write_config:
    output:
        report(
            f"{study.out}/report/config.html",
            caption="../report/report/config.rst",
            category="Run",
            labels=study.factor_label | {"run": "Configuration"},
        ),
    log:
        f"{study.out}/logs/report/write_config.log",
    benchmark:
        f"{study.out}/benchmarks/report/write_config.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        config=json.loads(public(json.dumps(config))),
    script:
        "../scripts/report/write_config.py"
