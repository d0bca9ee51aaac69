rule report_all:
    input:
        rules.summarise_evaluation.output,
    localrule: True
