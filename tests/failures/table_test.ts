// The closed list of reasons: each has a trial that provokes it, and each case that is known from the field has its reason.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { realClock } from "../../pipeline/lib/clock.ts";
import { providers } from "../../pipeline/providers/mod.ts";
import { Failure, type FailureCode, FAILURES } from "../../pipeline/schema/failures.ts";
import { OfferLimits } from "../../pipeline/schema/offer.ts";
import { type CloudName, PROTOCOLS, startCloud } from "../cloud/mod.ts";
import { refused } from "../cloud/lambda.ts";
import { type Fault, type Reply, scripted } from "../cloud/server.ts";
import { stockOf } from "../cloud/stock.ts";
import { faults, inside } from "../cloud/tensordock.ts";
import { TOO_MANY } from "../cloud/vastai.ts";

const tests = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The failure modes that the specification knows. */
const SPECIFICATION: Record<string, readonly FailureCode[]> = {
  "provisioning: No available public IPs": ["no_public_ip"],
  "provisioning: instance stopped, the provider killed it": ["machine_stopped", "machine_vanished"],
  "provisioning: stale inventory shows GPUs that are not there": ["offer_gone", "no_offer"],
  "provisioning: SSH timeout behind a heavy image pull": ["boot_timeout", "ssh_unreachable"],
  "execution: out of memory while the model is loaded": ["does_not_fit", "vram_taken", "out_of_memory"],
  "execution: Ollama does not respond, the service crashed": ["engine_not_answering"],
  "execution: slow or stuck inference, memory pressure, swapping": ["inference_stuck"],
  "execution: connection lost, the instance was terminated": [
    "connection_lost",
    "machine_vanished",
    "machine_stopped",
  ],
  "collection: SCP permission denied; files come through SSH itself": ["collect_failed"],
  "collection: the results file is missing, the benchmark did not complete": [
    "no_results",
    "benchmark_failed",
  ],
  "collection: partial results, the benchmark was interrupted": [
    "agent_died",
    "interrupted",
    "lease_deadline",
  ],
};

/** What was seen at real providers, beyond answers to a create. */
const SEEN: Record<string, readonly FailureCode[]> = {
  "vastai: an image is pulled for 10 to 60 minutes on a slow host": ["boot_timeout"],
  "vastai: a healthy pull was taken for a failure because it said loading": ["boot_timeout"],
  "vastai: stale offers were tried again and again": ["offer_gone"],
  "vastai: too many calls": ["rate_limited"],
  "vastai: the searches of a day are used up": ["quota"],
  "vastai: an interruptible machine is lost to a higher bid": ["outbid"],
  "vastai: some hosts never take the key": ["ssh_denied"],
  "vastai: an instance vanishes after 8 to 15 minutes": ["machine_vanished"],
  "vastai: a restart of the controller found 13 orphans": ["interrupted"],
  "vastai: the driver of an RTX 5080 never answered": ["driver_not_ready"],
  "vastai: the first request after a load takes minutes of CUDA compilation": ["inference_stuck"],
  "vastai: an offer sold as B200 delivered an H100": ["wrong_gpu"],
  "vastai: a host was running for 15 minutes and never took a connection": ["ssh_unreachable"],
  "tensordock: 8 of 31 tries ended for want of a public address": ["no_public_ip"],
  "tensordock: 6 of 31 tries ended in SSH timeouts, drivers and package locks": [
    "ssh_unreachable",
    "driver_not_ready",
    "not_ready",
  ],
  "tensordock: 4 of 31 tries stopped right after their start": ["machine_stopped"],
  "tensordock: the key was required and not installed": ["ssh_denied"],
  "tensordock: 2 of 31 tries ended in a cold start": ["inference_stuck"],
  "tensordock: port forwards were ignored at some places": ["ssh_unreachable"],
  "tensordock: newer images have no driver": ["driver_not_ready"],
  "tensordock: unattended upgrades hold the package lock, or left it half configured": ["not_ready"],
  "tensordock: machines stop when the balance is used up": ["no_credit", "machine_stopped"],
  "lambda: a machine boots for 3 to 15 minutes": ["boot_timeout"],
  "lambda: active comes up to a minute before sshd answers": ["ssh_unreachable"],
  "lambda: CUDA error 802 although nvidia-smi is well": ["cuda_failed"],
  "lambda: a GH200 is ARM and needs other programs": ["agent_not_there"],
  "lambda: a GH200 came up unhealthy and was billed": ["boot_failed"],
};

const vast = (status: number, error: string, msg = error): Reply => ({
  status,
  json: { success: false, error, msg },
});
const told = (reply: Reply): Fault => ({ reply });
const ASK = "error 404/3603: no_such_ask  Instance type by id 1 is not available.";

/** Every answer to a create that the sheets of the providers list. */
const ANSWERS: readonly (readonly [CloudName, string, Fault, FailureCode])[] = [
  ["vastai", "400 no_such_ask", told(vast(400, "invalid_args", ASK)), "offer_gone"],
  ["vastai", "404 no_such_ask", told(vast(404, "invalid_args", ASK)), "offer_gone"],
  ["vastai", "410 no_such_ask", told(vast(410, "invalid_args", "error 410/3907: no_such_ask")), "offer_gone"],
  ["vastai", "invalid_price", told(vast(400, "invalid_price")), "request_refused"],
  ["vastai", "no_ssh_key_for_vm", told(vast(400, "no_ssh_key_for_vm")), "request_refused"],
  [
    "vastai",
    "other invalid_args",
    told(vast(400, "invalid_args", "disk must be a float")),
    "request_refused",
  ],
  ["vastai", "missing_billing", told(vast(400, "missing_billing")), "no_credit"],
  ["vastai", "low credit", told(vast(400, "invalid_args", "Your account has low credit")), "no_credit"],
  ["vastai", "402", told(vast(402, "payment_required")), "no_credit"],
  ["vastai", "spend_rate_limit", told(vast(400, "spend_rate_limit")), "quota"],
  ["vastai", "401", told(vast(401, "unauthorized")), "bad_key"],
  ["vastai", "403", told({ status: 403, text: "This action requires login" }), "bad_key"],
  ["vastai", "404 auth_error", told(vast(404, "auth_error", "Invalid user key")), "bad_key"],
  ...TOO_MANY.map((reply, n) => ["vastai", `429, form ${n + 1}`, told(reply), "rate_limited"] as const),
  ["vastai", "5xx", told({ status: 502, text: "Bad gateway" }), "create_unknown"],
  ["vastai", "a reset", { lost: "before" }, "create_unknown"],
  ["vastai", "no answer", { hang: true }, "create_unknown"],
  [
    "vastai",
    "success: false with new_contract",
    told({ json: { success: false, error: "invalid_price", new_contract: 7 } }),
    "create_half_done",
  ],
  ["tensordock", "No available nodes found", told(inside("No available nodes found")), "offer_gone"],
  ["tensordock", "Hostnode unavailable", told(inside("Hostnode unavailable")), "offer_gone"],
  ["tensordock", "No available public IPs", told(inside("No available public IPs")), "no_public_ip"],
  [
    "tensordock",
    "neither forward nor address",
    told(inside("SSH port (22) must be forwarded for Ubuntu VMs")),
    "request_refused",
  ],
  ["tensordock", "a list of faults", told(faults("Storage must be at least 100GB")), "request_refused"],
  ["tensordock", "a balance below $1", told(inside("Balance must be at least $1")), "no_credit"],
  ["tensordock", "a wrong key", told({ status: 401, json: { error: "Unauthorized" } }), "bad_key"],
  ["tensordock", "5xx", told({ status: 500, text: "oops" }), "create_unknown"],
  ["tensordock", "200 without an id", told({ json: {} }), "create_unknown"],
  [
    "lambda",
    "sold out",
    told(refused(400, "instance-operations/launch/insufficient-capacity")),
    "offer_gone",
  ],
  ["lambda", "quota", told(refused(400, "global/quota-exceeded")), "quota"],
  ["lambda", "parameters", told(refused(400, "global/invalid-parameters")), "request_refused"],
  [
    "lambda",
    "file system elsewhere",
    told(refused(400, "instance-operations/launch/file-system-in-wrong-region")),
    "request_refused",
  ],
  ["lambda", "wrong key", told(refused(401, "global/invalid-api-key")), "bad_key"],
  ["lambda", "inactive account", told(refused(403, "global/account-inactive")), "no_credit"],
  ["lambda", "no address of the account", told(refused(403, "global/invalid-address")), "no_credit"],
  [
    "lambda",
    "a key or image that is not there",
    told(refused(404, "global/object-does-not-exist")),
    "request_refused",
  ],
  [
    "lambda",
    "the provider's own trouble",
    told(refused(400, "provider/internal-unavailable")),
    "create_unknown",
  ],
  ["lambda", "an internal error", told(refused(500, "global/internal-error")), "create_unknown"],
];

Deno.test("every reason has a trial whose name begins with it, and no trial names a reason that is not in the list", async () => {
  const named = new Set<string>();
  for await (const source of sources(tests)) {
    for (const [, code = ""] of source.matchAll(/\b(?:test\(|name: )\s*["`]\[(\w+)\] /g)) named.add(code);
  }
  const codes = Object.keys(FAILURES);
  deepEqual(codes.filter((code) => !named.has(code)), [], "reasons that no trial provokes");
  deepEqual([...named].filter((code) => !codes.includes(code)), [], "names of no reason");
});

Deno.test("every failure mode of the specification and every case seen in the field has reasons of the list", () => {
  equal(Object.keys(SPECIFICATION).length, 11);
  for (const [what, codes] of [...Object.entries(SPECIFICATION), ...Object.entries(SEEN)]) {
    ok(codes.length > 0, what);
    for (const code of codes) ok(code in FAILURES, `${what}: ${code}`);
  }
});

Deno.test("every reason says how it is seen and what can be done, and is tried again only where that may help", () => {
  for (const [code, { seen, hint, remedy, times }] of Object.entries(FAILURES)) {
    ok(/^[^A-Z]/.test(seen) || /^SSH/.test(seen), `${code}: ${seen}`);
    ok(/^[A-Z].*\.$/.test(hint), `${code}: ${hint}`);
    equal(times > 0, !["none", "leave_provider"].includes(remedy), code);
  }
});

for (const [name, what, fault, code] of ANSWERS) {
  Deno.test(`${name} answers a create with ${what}: that is ${code}`, async () => {
    const clock = realClock(0.0001, 4000);
    const options = { stock: [stockOf("1", "RTX 4090", { host: "1" })], pace: 0.001, hollowPort: 22 };
    await using started = await startCloud(PROTOCOLS[name], options, scripted({ create: { 0: fault } }));
    const provider = providers[name].open({
      key: started.cloud.key,
      simulated: started,
      clock,
      log: { info: () => undefined, warn: () => undefined },
      hosts: [],
      known_hosts: "",
    });
    const limits = OfferLimits.parse({});
    const wanted = { gpu: "RTX 4090", vram_gib: 24, gpu_count: 1, disk_gb: 60, hours: 2, limits };
    const { signal } = new AbortController();
    const [offer] = await provider.offers(wanted, signal);
    ok(offer !== undefined);
    const label = "ga-00000000-20261125-000000-aaaa-1-1795478400-60";
    const order = {
      offer,
      label,
      public_key: "ssh-ed25519 AAAA x",
      disk_gb: 60,
      limits,
      deadline: 1795482000,
    };
    await rejects(provider.create(order, signal), (error) => {
      ok(error instanceof Failure, String(error));
      equal(error.code, code, error.message);
      return true;
    });
  });
}

/** The texts of all tests. */
async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory && name !== "node_modules") yield* sources(path);
    else if (name.endsWith("_test.ts") || folder.endsWith("contract")) yield await Deno.readTextFile(path);
  }
}
