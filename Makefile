# Everything for people without an environment of their own: `make demo`, `make test`.
# .venv is made from the lock file by the first target that needs it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.made-from-lock
SNAKEMAKE := $(BIN)/snakemake --profile profiles/local
DEMO := --configfile config/demo.yaml
DECODE := --configfile config/decode.yaml
REPORT := results/demo/report.html
# Why sites are called and what variants change, for one model and cell line: all would take long.
WHY := results/demo/report/contributions/unet/gamma.logos.png results/demo/report/variants/unet/gamma.png
# OpenMP would spin beside the second worker.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# What both benches begin with.
define CONTESTS
$(BIN)/python benchmarks/extraction.py
$(BIN)/python benchmarks/feeding.py
$(BIN)/python benchmarks/decoding.py
$(BIN)/python benchmarks/bundles.py results/demo
$(BIN)/python benchmarks/reads.py
$(BIN)/python benchmarks/contributions.py results/demo
$(BIN)/python benchmarks/variants.py
$(BIN)/python benchmarks/planted_variants.py results/demo
endef

# The report of a study and its targets, unless it is there and no table is newer.
draw_report = test -e results/$(1)/report.html \
  -a -z "$$(find results/$(1) -newer results/$(1)/report.html -name '*.tsv')" \
  || $(SNAKEMAKE) $(2) --configfile config/$(1).yaml --report results/$(1)/report.html

export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help demo report experiments test test-slow test-studies test-cluster test-faults test-nightly lint bench bench-full lock docs keys clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: $(PYTHON) is older than 3.11; name another: make PYTHON=python3.12" >&2; exit 1; }
	@test ! -L $(VENV) || { echo "error: $(VENV) is a link, and older than requirements.txt; update what it leads to, or remove it" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

demo: $(READY)  ## train on a simulated genome, and decode other cells from reads with the bundle (minutes)
	$(SNAKEMAKE) all export $(WHY) $(DEMO)
	@$(call draw_report,demo,all $(WHY))
	$(SNAKEMAKE) $(DECODE)
	@$(call draw_report,decode,all)
	@PYTHONPATH=workflow/scripts $(BIN)/python workflow/scripts/report/print_headline.py results/demo
	@echo 'From reads:   results/decode/report.html (a cell line never seen, decoded with the bundle)'

report: $(READY)  ## draw the demo's report again
	$(SNAKEMAKE) all $(WHY) $(DEMO) --report $(REPORT)

experiments: $(READY)  ## tuning, joint search, ablation, scaling and comparison on the demo, into its report (two hours)
	$(SNAKEMAKE) all $(WHY) tune search ablate scaling compare $(DEMO)
	$(SNAKEMAKE) all $(WHY) tune search ablate scaling compare $(DEMO) --report $(REPORT)

test: $(READY)  ## the library, and the workflow on a tiny study (minutes)
	$(PYTEST)

test-slow: $(READY)  ## what takes long: JAX, several devices, too little memory, real reads, TF-MoDISco (minutes)
	$(PYTEST) tests/unit tests/workflow -m slow

test-studies: $(READY)  ## whole studies of every other kind (a quarter of an hour)
	$(PYTEST) tests/studies

test-cluster: $(READY)  ## whole runs through profiles/gadi (a stand-in for PBS) and profiles/slurm (a real one)
	$(BIN)/python -m pytest tests/cluster $(SELECT)

test-faults: $(READY)  ## every rule killed ten times, full and read-only disks, ... (hours; docs/faults.md)
	$(BIN)/python -m pytest tests/faults $(SELECT)

test-nightly: $(READY)  ## the parsers, with 10,000 inputs each (minutes)
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest tests/unit/inputs/test_parsers.py

lint: $(READY) docs  ## ruff, mypy, snakefmt, snakemake --lint, the documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow/rules
	for study in config apac2022 leopard leopard_published demo demo_crisscross yeast_reb1 \
	    yeast_tracks ctcf_chr22 decode; do \
	  $(BIN)/snakemake --lint --configfile config/$$study.yaml || exit 1; \
	done

docs: $(READY)  ## the site, docs/_build/html/index.html; a warning is an error
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs docs/_build/html

keys: $(READY)  ## write the table of keys in config/README.md from the schemas
	$(BIN)/python docs/_ext/config_keys.py

bench: demo  ## speed and quality, each beside a reference measured in the same run (15 minutes)
	$(CONTESTS)
	$(BIN)/python benchmarks/training.py results/demo

bench-full: demo  ## the same and both recipes with three seeds, on every study in STUDIES (results/...)
	$(CONTESTS)
	$(BIN)/python benchmarks/steps.py
	for study in results/demo $(STUDIES); do \
	  $(BIN)/python benchmarks/training.py $$study && \
	    $(BIN)/python benchmarks/recipes.py $$study --seeds 3 || exit 1; \
	done

lock: $(READY)  ## pin every dependency again
	$(BIN)/pip-compile --quiet --upgrade --strip-extras --no-header --no-emit-index-url \
	  --no-emit-find-links --extra workflow --extra cluster --extra dev --extra docs --extra jaspar --extra jax --extra motifs \
	  --output-file requirements.txt pyproject.toml

clean:  ## remove the environment and the demo's results
	rm -rf $(VENV) results/demo
