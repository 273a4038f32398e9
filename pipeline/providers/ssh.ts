// The user's own hosts of runs/hosts.json. A lease is a folder on the host with our label in it; giving it back removes the folder.
import { messageOf } from "../errors.ts";
import { temporaryFolder } from "../lib/temporary.ts";
import { Connection } from "../machines/connection.ts";
import { TALK_BYTES } from "../machines/limits.ts";
import { quote } from "../machines/quote.ts";
import { HOME_FOLDER, scriptRunner } from "../machines/ssh.ts";
import { codeOf, Failure } from "../schema/failures.ts";
import { isGpu } from "../schema/gpu_name.ts";
import type { Host } from "../schema/hosts.ts";
import type { Address } from "../schema/machine.ts";
import { UNTOLD } from "../schema/offer.ts";
import { type Opening, PartialList, type Provider, type ProviderKind, type Sighting } from "./provider.ts";

const NAME = "ssh";
const LEASE = `${HOME_FOLDER}/lease`;
const BUSY = 44;
/** A host that says nothing for so long is not waited for. */
const ANSWER_SECONDS = 20;

export const ssh: ProviderKind = { name: NAME, key_variable: null, rents: false, open: openSsh };

function openSsh({ hosts, clock, simulated, known_hosts }: Opening): Provider {
  const run = async (host: Host, script: string) => {
    await using folder = await temporaryFolder();
    const address = addressOf(host);
    await using connection = new Connection({
      address,
      identity: { kind: "user", known_hosts },
      alias: host.name,
      sockets: folder.path,
      clock,
      signal: new AbortController().signal,
    });
    const { code, stdout, words } = await scriptRunner(connection)(script, {
      bytes: TALK_BYTES,
      seconds: ANSWER_SECONDS,
    });
    return { code, said: new TextDecoder().decode(stdout).trim(), words: words.join(" ") };
  };
  const find = async (id: string): Promise<Sighting | null> => {
    const { host, label } = leaseOf(id, hosts);
    const held = await labelOn(host, run);
    return held === label ? sightingOf(host, label) : null;
  };
  return {
    name: NAME,
    billing_step_seconds: 0,
    boot_seconds: 60,
    simulated: simulated !== undefined,

    offers: (wanted) =>
      hosts.length === 0
        ? Promise.reject(
          new Failure("no_offer", "Cannot use a host of your own: runs/hosts.json is not there", {
            hint: "It names them; the README shows one.",
          }),
        )
        : Promise.resolve(
          hosts.filter(({ gpu, gpu_count }) =>
            wanted.gpu === "any" || (isGpu(wanted.gpu, gpu) && gpu_count === wanted.gpu_count)
          ).map((host) => ({
            ...UNTOLD,
            id: host.name,
            provider: NAME,
            gpu: wanted.gpu,
            gpu_count: host.gpu_count,
            vram_gib: wanted.vram_gib,
            price_per_hour: host.price_per_hour ?? null,
            location: host.location ?? null,
            host: host.name,
          })),
        ),

    async create({ offer, label }) {
      const host = named(offer.id, hosts);
      const { code, said, words } = await run(
        host,
        `umask 077; mkdir -p ${HOME_FOLDER}; if mkdir ${LEASE} 2>/dev/null; then printf %s ${
          quote(label)
        } > ${LEASE}/label
else held=$(cat ${LEASE}/label 2>/dev/null); [ "$held" = ${
          quote(label)
        } ] || { echo "$held"; exit ${BUSY}; }; fi`,
      ).catch((error) => {
        // Nothing can have been made where nobody let us in.
        const lost = codeOf(error) === "connection_lost";
        throw lost ? new Failure("create_unknown", messageOf(error), { cause: error }) : error;
      });
      if (code === BUSY) {
        throw new Failure(
          "offer_gone",
          `Cannot lease the host ${host.name}: it is leased as ${said || "unknown"}`,
          {
            hint: `If that run is over, remove ~/${LEASE} on the host.`,
          },
        );
      }
      if (code !== 0) {
        throw new Failure("boot_failed", `Cannot lease the host ${host.name}: ${words || said}`);
      }
      return idOf(host, label);
    },

    get: find,

    async list() {
      const answers = await Promise.allSettled(hosts.map((host) => labelOn(host, run)));
      const found = answers.flatMap((answer, index) => {
        const host = hosts[index];
        const label = answer.status === "fulfilled" ? answer.value : null;
        return host === undefined || label === null ? [] : [sightingOf(host, label)];
      });
      const faults = answers.flatMap((answer) =>
        answer.status === "rejected" ? [messageOf(answer.reason)] : []
      );
      if (faults.length > 0) throw new PartialList(found, faults.join("; "));
      return found;
    },

    async destroy(id) {
      if (await find(id) === null) return;
      const { host } = leaseOf(id, hosts);
      await run(
        host,
        `cd ${HOME_FOLDER} || exit 0
for pid in jobs/*/pid; do [ -e "$pid" ] && kill -TERM "-$(cat "$pid")" 2>/dev/null; done
sleep 1
for pid in jobs/*/pid; do [ -e "$pid" ] && kill -KILL "-$(cat "$pid")" 2>/dev/null; done
cd && rm -rf ${HOME_FOLDER}`,
      );
    },
  };
}

/** The label of the lease on a host; null when it has none. */
async function labelOn(
  host: Host,
  run: (host: Host, script: string) => Promise<{ said: string }>,
): Promise<string | null> {
  const { said } = await run(host, `cat ${LEASE}/label 2>/dev/null`);
  return said || null;
}

function addressOf({ host, port, user, key_file }: Host): Extract<Address, { kind: "ssh" }> {
  const key = key_file === undefined ? {} : { key_file };
  return { kind: "ssh", host, port: port ?? null, user: user ?? null, ...key };
}

function sightingOf(host: Host, label: string): Sighting {
  return {
    id: idOf(host, label),
    label,
    state: "running",
    words: "leased",
    addresses: [addressOf(host)],
    price_per_hour: host.price_per_hour ?? null,
  };
}

function idOf({ name }: Host, label: string): string {
  return `${name}/${label}`;
}

function leaseOf(id: string, hosts: readonly Host[]): { host: Host; label: string } {
  const [name = "", label = ""] = id.split("/");
  return { host: named(name, hosts), label };
}

function named(name: string, hosts: readonly Host[]): Host {
  const host = hosts.find((each) => each.name === name);
  if (host !== undefined) return host;
  throw new Failure("offer_gone", `Cannot find the host ${name}: runs/hosts.json no longer has it`);
}
