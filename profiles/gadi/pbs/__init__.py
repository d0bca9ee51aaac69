"""Snakemake's jobs on PBS Professional: what the commands beside this package do.

`submit`, `status`, `cancel`, `sidecar`, `head`, `conduct` and `plan` are links to `command`, which
does what the name it is called by says. Nothing but the standard library, and nothing newer than
Python 3.6: a login node's own Python runs it. Snakemake calls the first three, and the first
`submit` of a run starts the sidecar: one that Snakemake (9.27) starts keeps a run with nothing to
do from ever ending.

What differs between sites is in a settings file, `settings.ini` beside the commands or the one that
$LEOPARD_SITE names. What belongs to a run is in .snakemake/pbs of its working directory:
    ledgers/     a file for each run of Snakemake: what it submitted, and what of that has ended
    exit/        a file for each job, by id: its exit status, seconds and name, written by the job
                 script as its last act
    logs/        what each job wrote outside its rule's log
    notices/     what was said already, and since when it holds
    head         the id of the head that was submitted last
    prices.json  what a job of each rule costs at most, as of the last plan
"""
