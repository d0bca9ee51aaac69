"""Every rule's job, killed at random moments again and again, then run to its end.

LEOPARD_KILLS says how often each is killed, and LEOPARD_SEED at which moments.
"""

import os
import random

import pytest
from workflow.conftest import Study

from faults.conftest import (
    DECODING_TARGETS,
    TARGETS,
    check_outputs,
    check_results,
    kill_job,
    remove,
)

KILLS = int(os.environ.get("LEOPARD_KILLS", "10"))
SEED = int(os.environ.get("LEOPARD_SEED", "1"))
RULES = (
    *("download_file", "simulate_genome", "prepare_genome", "check_genome", "check_signal"),
    "count_reads",
    *("check_labels", "check_motif", "gather_checks", "make_labels"),
    *("list_usable_starts", "draw_windows", "extract_sequence", "extract_signal"),
    *("extract_labels", "train_network", "calibrate_model", "predict_binding"),
    *("exclude_bases", "measure_signal", "fit_baselines", "score_baselines", "give_answer"),
    *("call_peaks", "score_motif"),
    *("choose_threshold", "evaluate_cell_line", "evaluate_windows", "summarise_evaluation"),
    *("judge_calls", "write_browser_files", "summarise_windows", "tabulate_inputs"),
    *("plot_training", "tabulate_training", "tabulate_results", "plot_precision_recall"),
    *("plot_reliability", "plot_sites", "write_track_page", "plot_calls", "tabulate_benchmarks"),
    *("write_config", "export_bundle", "explain_sites", "plot_contributions"),
    *("write_motif_database", "find_motifs", "match_motifs", "plot_motifs"),
    *("plant_motifs", "plot_planted"),
    *("simulate_variants", "check_variants", "score_variants", "gather_variants", "plot_variants"),
    "explain_variants",
)
DECODING_RULES = (
    *("check_bundle", "decode_with_bundle", "judge_likeness", "tabulate_likeness"),
    *("plot_profile", "summarise_decoding", "browse_decoded", "show_card", "tabulate_regions"),
    *("check_given_labels", "make_given_labels", "judge_by_labels"),
    *("tabulate_judged", "plot_judged"),
    *("explain_with_bundle", "score_with_bundle"),
)
"""Those that a study that trains does not have."""

GATE = ("extract_signal", "train_network", "predict_binding")
LONG = (
    *("train_network", "calibrate_model", "predict_binding", "evaluate_windows"),
    *("explain_sites", "plant_motifs", "score_variants", "decode_with_bundle"),
    *("explain_with_bundle", "score_with_bundle", "explain_variants"),
)


def test_no_rule_is_left_out(jobs, decoding_jobs):
    assert set(jobs) == set(RULES)
    assert set(decoding_jobs) - set(RULES) == set(DECODING_RULES)


@pytest.mark.parametrize(
    "rule", [pytest.param(x, marks=() if x in GATE else pytest.mark.full) for x in RULES]
)
def test_killed_jobs_end_as_if_nothing_had_happened(
    rule: str, jobs: dict, study: Study, undisturbed: Study
):
    kill_again_and_again(rule, jobs, study, undisturbed)
    study.succeed(*TARGETS)
    check_results(study, undisturbed)


@pytest.mark.full
@pytest.mark.parametrize("rule", DECODING_RULES)
def test_those_of_a_study_that_decodes(
    rule: str, decoding_jobs: dict, decoding: Study, undisturbed_decoding: Study
):
    kill_again_and_again(rule, decoding_jobs, decoding, undisturbed_decoding)
    decoding.succeed(*DECODING_TARGETS)
    check_results(decoding, undisturbed_decoding)


def kill_again_and_again(rule: str, jobs: dict, study: Study, undisturbed: Study) -> None:
    """Kill jobs of a rule, and run each to its end: it makes the same as if undisturbed."""
    rng = random.Random(f"{SEED} {rule}")
    # From the first import to the last byte, more or less: the second kill would hit a finished job
    # if the moments were drawn from a longer time than the job takes, and is drawn again then.
    longest = 30.0 if rule in LONG else 4.0
    killed = 0
    while killed < KILLS:
        outputs = rng.choice(jobs[rule])
        remove(study, *outputs)
        moment, with_snakemake = rng.uniform(0, longest), rng.random() < 0.5
        if not kill_job(study, outputs[0], moment, with_snakemake):
            longest = max(0.2, 0.7 * moment)
            continue
        killed += 1
        study.succeed(outputs[0])
        # All else begins with the genome, and is made from it again.
        check_outputs(study, undisturbed, *outputs, as_old=rule != "prepare_genome")
