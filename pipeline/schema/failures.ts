// Every reason for which an entry can fail, by stage: how it is seen, what is done about it, and what the user is told.
import { z } from "zod";
import { UserError } from "../errors.ts";
import { CANARY } from "./canary_limits.ts";
import { failed, type FailureRule, skipped } from "./remedy.ts";

const LEAST_PERCENT = 100 * CANARY.least_share;

export const FAILURES = {
  no_key: skipped(
    "the variable with the provider's key is not set",
    "Set the variable that is named; entries of other providers go on.",
  ),
  no_variable: skipped(
    "a variable that the matrix hands to the engine is not set",
    "Set the variable that is named, or take it out of the engine's env in the matrix.",
  ),
  no_offer: skipped(
    "the provider has nothing that meets what the matrix asks for",
    "Loosen what the matrix asks of offers, or try again later.",
  ),
  price_above_cap: skipped(
    "what is on offer costs more than max_price_per_hour",
    "Raise max_price_per_hour in the matrix.",
  ),
  model_not_found: skipped(
    "the library that the engine fetches from has no model of this name, or none that may be seen",
    "Check the model's name in the matrix; a private one needs an HF_TOKEN that may read it.",
  ),
  model_gated: skipped(
    "the model is gated, and the engine would have no token that may read it",
    'Accept its terms at huggingface.co, set HF_TOKEN, and add "env": ["HF_TOKEN"] to the engine in the matrix.',
  ),
  does_not_fit: skipped(
    "weights, keys and values of what the engine must hold, and 1 GiB for driver and engine are more than the GPU's memory",
    "Take a larger GPU or more of them, a shorter context, or run it all the same with --allow-spill.",
  ),
  settings_refused: skipped(
    "the engine would not start with these settings: the model's context is shorter, or its attention heads do not divide into so many GPUs",
    "Take a shorter context, or as many GPUs as divide the model's attention heads.",
  ),
  over_budget: skipped(
    "what is left of --max-usd does not pay for it",
    "Go on with --resume and a larger --max-usd.",
  ),
  engine_not_there: skipped(
    "the engine cannot be brought to a rented machine",
    "Use an engine that can, such as ollama, or the provider local.",
  ),
  bad_key: failed(
    "provision",
    "leave_provider",
    0,
    "the provider refuses the key (401, 403, auth_error)",
    "Check the variable with the key, and what the key is allowed to do.",
  ),
  no_credit: failed(
    "provision",
    "leave_provider",
    0,
    "the account has too little credit or is not active (402, missing_billing, inactive)",
    "Add credit to the account, then go on with --resume.",
  ),
  quota: failed(
    "provision",
    "leave_provider",
    0,
    "the account's limit on spending, machines or a day's searches is reached (spend_rate_limit, search_quota_exceeded)",
    "Ask the provider for more, lower --parallel, or wait until it counts anew, then go on with --resume.",
  ),
  rate_limited: failed(
    "provision",
    "same_machine",
    5,
    "the provider answers 429 however long one waits",
    "Something else uses the account; lower --parallel or try again later.",
  ),
  provider_unavailable: failed(
    null,
    "other_offer",
    5,
    "the provider answers 5xx, nonsense or nothing, call after call",
    "Wait until the provider is well again, then go on with --resume.",
  ),
  request_refused: failed(
    "provision",
    "other_offer",
    2,
    "the provider calls our request wrong (400, 422, a list of faults), again for another offer",
    "This is a fault of the program or of the matrix's limits; please report it with the text.",
  ),
  offer_gone: failed(
    "provision",
    "other_offer",
    20,
    "the offer was taken or never there (no_such_ask, No available nodes, insufficient-capacity)",
    "The market has no such machine just now; go on with --resume later.",
  ),
  no_public_ip: failed(
    "provision",
    "other_location",
    8,
    "the location has no public address left (No available public IPs)",
    "No location has one just now; go on with --resume later.",
  ),
  create_unknown: failed(
    "provision",
    "other_offer",
    3,
    "the answer to a create was lost (timeout, 5xx, reset): what it made is found by its label and destroyed",
    "Look at `deno task sweep`; then go on with --resume.",
  ),
  create_half_done: failed(
    "provision",
    "other_offer",
    3,
    "the provider says no and makes a machine all the same (success: false with new_contract): it is destroyed",
    "Look at `deno task sweep`; then go on with --resume.",
  ),
  boot_failed: failed(
    "provision",
    "other_host",
    4,
    "the machine ends in a state it cannot leave (OCI runtime create failed, ERROR, unhealthy, exited)",
    "Several hosts failed; try another GPU or provider.",
  ),
  boot_timeout: failed(
    "provision",
    "other_host",
    3,
    "the machine is still not running when the provider's usual time is long over (heavy image, hanging host)",
    "Several hosts were too slow; try another provider or a smaller image.",
  ),
  machine_stopped: failed(
    null,
    "other_host",
    3,
    "the provider stopped the machine (stopped, offline, StoppedDisassociated, frozen, EXITED)",
    "Several hosts stopped; try another provider.",
  ),
  outbid: failed(
    null,
    "other_offer",
    3,
    "an interruptible machine lost its GPUs to a higher bid or to somebody who rents on demand",
    "What was measured is kept. Go on with --resume later, or rent with `market: on_demand` in the matrix.",
  ),
  machine_vanished: failed(
    null,
    "other_host",
    3,
    "the provider no longer knows the machine, by get and by list",
    "Several machines vanished; try another provider.",
  ),
  ssh_unreachable: failed(
    "provision",
    "other_host",
    4,
    "SSH is refused or silent although the machine runs",
    "Several hosts were not reachable; check this network's way out to high ports.",
  ),
  ssh_denied: failed(
    "provision",
    "other_host",
    4,
    "our key is still refused when it should long have been installed",
    "Several hosts did not take the key; try another provider.",
  ),
  host_key_changed: failed(
    null,
    "other_host",
    1,
    "the machine shows another host key than at first contact",
    "Somebody may sit in between; use another network.",
  ),
  not_ready: failed(
    "setup",
    "other_host",
    2,
    "the package manager is still locked or broken when its time is over (unattended upgrades, half-configured dpkg)",
    "Take another image or location.",
  ),
  driver_not_ready: failed(
    "setup",
    "other_host",
    4,
    "nvidia-smi is missing, fails, or does not say the same twice (driver still being built or changed)",
    "Several hosts have no working driver; try another provider or image.",
  ),
  driver_too_old: failed(
    "setup",
    "other_host",
    3,
    "the driver's CUDA version is below what was offered or asked for",
    "Lower min_cuda in the matrix, or try another provider.",
  ),
  wrong_gpu: failed(
    "setup",
    "other_host",
    4,
    "nvidia-smi tells another GPU, another number of them or other memory than was offered",
    "Several hosts delivered something else than they offered; try another provider.",
  ),
  cuda_failed: failed(
    "setup",
    "other_host",
    3,
    "the engine cannot allocate memory on the GPU, or puts the model beside it (CUDA error 802)",
    "Several hosts have GPUs that do not compute; try another GPU or provider.",
  ),
  power_too_low: failed(
    "setup",
    "other_host",
    4,
    `the host has cut its GPU's power limit below ${LEAST_PERCENT} % of the card's default`,
    "Several hosts cut the power of their cards; try another provider.",
  ),
  memory_too_slow: failed(
    "setup",
    "other_host",
    4,
    `a small model decodes more slowly than such a GPU ever does, or below ${LEAST_PERCENT} % of the median of other hosts`,
    "Several hosts are slow; try another provider.",
  ),
  gpu_memory_spilled: failed(
    "setup",
    "other_host",
    3,
    "the engine puts part of a small model beside the GPU, although there is room",
    "Several hosts have GPUs that are not used in full; try another provider or image.",
  ),
  download_too_slow: failed(
    "setup",
    "other_host",
    3,
    "at twice the speed at which a small model came, the models would not be there before the lease ends",
    "Ask for a faster line with min_download_mbps, or for more time with max_hours, in the matrix.",
  ),
  disk_too_small: failed(
    null,
    "other_offer",
    2,
    "the machine's disk has no room for the model (No space left on device)",
    "Ask for more with disk_gb in the matrix.",
  ),
  install_failed: failed(
    "setup",
    "other_host",
    2,
    "the engine's installer ends with an error",
    "Look at the last lines of its log above; try another image.",
  ),
  wrong_checksum: failed(
    "setup",
    "other_host",
    2,
    "a file that an installer fetched has another SHA-256 than its publisher tells",
    "Nothing of it was run. Compare with the publisher's page; name another version of the engine in the matrix.",
  ),
  engine_missing: failed(
    "setup",
    "none",
    0,
    "no engine answers on a machine that is not ours to change",
    "Start the engine there, or put its address into the matrix as the engine's url.",
  ),
  wrong_version: failed(
    null,
    "none",
    0,
    "the engine that answers is of another version than the matrix asks for, or does not tell its version",
    "Start that version on the machine, or name the one that runs, or none, in the matrix.",
  ),
  engine_not_answering: failed(
    null,
    "same_machine",
    1,
    "the engine's server does not answer, or no longer (crashed, killed)",
    "Look at the last lines of its log above; try another version or machine.",
  ),
  agent_not_there: failed(
    "setup",
    "other_host",
    1,
    "the agent or the Deno binary cannot be brought to the machine or does not run there",
    "Check that the machine is Linux on x86-64 or ARM with glibc.",
  ),
  model_unknown: failed(
    "load",
    "none",
    0,
    "the engine's library has no such model",
    "Check the model's name in the matrix.",
  ),
  pull_failed: failed(
    "load",
    "other_host",
    2,
    "pulling the model ends with an error, again after a second try",
    "Look at what the engine says; the library may be down.",
  ),
  pull_stalled: failed(
    "load",
    "other_host",
    2,
    "pulling the model makes no progress, again after a second try",
    "Ask for a faster line with min_download_mbps in the matrix.",
  ),
  vram_taken: failed(
    "load",
    "other_host",
    2,
    "another process already holds the GPU memory that the model needs",
    "Several hosts share their GPU; try another provider.",
  ),
  out_of_memory: failed(
    "load",
    "none",
    0,
    "the model does not go into GPU memory (out of memory while it is loaded)",
    "Take a larger GPU, a shorter context or a lower concurrency.",
  ),
  load_failed: failed(
    "load",
    "other_host",
    1,
    "the engine cannot load the model, or takes too long",
    "Look at what the engine says; try another version.",
  ),
  inference_stuck: failed(
    "benchmark",
    "other_host",
    1,
    "no new token for a long time while requests are in flight (memory pressure, swapping, hanging GPU)",
    "Take a larger GPU or a smaller model.",
  ),
  driver_failed: failed(
    "benchmark",
    "other_host",
    2,
    "the engine reports a CUDA or driver error while it is measured",
    "Several hosts have GPUs that do not compute; try another GPU or provider.",
  ),
  benchmark_failed: failed(
    "benchmark",
    "none",
    0,
    "the agent gives up: too many requests failed in a row",
    "What was measured before is kept; look at agent.log in its raw folder.",
  ),
  agent_died: failed(
    "benchmark",
    "same_machine",
    1,
    "the agent ended without a word or no longer shows a sign of life",
    "What was measured before is kept; look at agent.log in its raw folder.",
  ),
  connection_lost: failed(
    null,
    "other_host",
    2,
    "the machine cannot be reached for a long time although the provider says that it runs",
    "Check this network, then go on with --resume.",
  ),
  machine_hung: failed(
    null,
    "other_host",
    2,
    "a command on the machine does not come to its end in its time (dead disk, frozen host)",
    "Several hosts hang; try another provider.",
  ),
  hostile_output: failed(
    null,
    "other_host",
    2,
    "the machine says more than it can have to say, or what cannot be: an endless answer, a file beyond its largest size, an address that is none, an answer of another form",
    "Nothing beyond the bound was kept. Several hosts do that; try another provider.",
  ),
  unforeseen: failed(
    null,
    "other_host",
    1,
    "anything else that goes wrong on a rented machine; the text says what",
    "See the text. Where every host ends so it is a fault of the program or the matrix; please report it with the text.",
  ),
  network_down: failed(
    null,
    "this_side",
    5,
    "this network or this computer's ssh failed (no route, no names, ssh ended or not started, the provider does not answer either): no host is blamed",
    "Mend this network, then go on with --resume.",
  ),
  ssh_unusable: failed(
    null,
    "none",
    0,
    "ssh on this computer does not take its settings, its key or its paths: no host is blamed",
    "See the text: mend OpenSSH's settings here, or install a newer OpenSSH.",
  ),
  no_results: failed(
    "collect",
    "same_machine",
    1,
    "the agent ended well and left no result line",
    "Look at agent.log in the run's folder.",
  ),
  collect_failed: failed(
    "collect",
    "same_machine",
    2,
    "a file does not arrive as it lies on the machine (size or SHA-256), again after another try",
    "What arrived lies in the run's work folder; check this network and this machine's disk.",
  ),
  lease_deadline: {
    stage: null,
    status: "timeout",
    remedy: "none",
    times: 0,
    seen: "the lease reached its hard deadline, counted from its creation",
    hint: "What was measured is kept. Raise max_hours in the matrix, then go on with --resume.",
  },
  total_deadline: {
    stage: null,
    status: "timeout",
    remedy: "none",
    times: 0,
    seen: "the run reached --max-hours",
    hint: "What was measured is kept. Go on with --resume and more hours.",
  },
  interrupted: failed(
    null,
    "none",
    0,
    "the controller ended (crash, kill) and nobody went on with the run",
    "Measure it with --resume.",
  ),
  failed: failed(
    null,
    "none",
    0,
    "anything else; the text says what",
    "See the text; then go on with --resume.",
  ),
} as const satisfies Record<string, FailureRule>;

export const FailureCode = z.enum(Object.keys(FAILURES) as [keyof typeof FAILURES]).meta({
  description: "Why an entry failed or was left out; the method page lists all reasons.",
});
export type FailureCode = z.infer<typeof FailureCode>;

/** A failure whose reason is known. The message says what was to be done and what was found; `hint` overrides the table's. */
export class Failure extends UserError {
  constructor(
    readonly code: FailureCode,
    message: string,
    options: { hint?: string; cause?: unknown } = {},
  ) {
    super(message, options.hint ?? FAILURES[code].hint, { cause: options.cause });
  }
}

/** The code of anything thrown. */
export function codeOf(error: unknown): FailureCode {
  return error instanceof Failure ? error.code : "failed";
}
